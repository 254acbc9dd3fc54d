import { request } from 'node:https';
import { Inject, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import { cells } from '../support/matrix.js';
import { without } from '../support/routes.js';
import { setCookieOf } from '../support/set-cookie.js';
import { verbRoutes } from '../support/verb-routes.js';
import { start } from '../support/world.js';

/** TLS without certificates: both sides know a key. */
const psk = Buffer.alloc(32, 7);
const tls = { ciphers: 'PSK-AES256-GCM-SHA384:@SECLEVEL=0', maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;

@Module({})
class TouchingModule implements NestModule {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  configure(consumer: MiddlewareConsumer): void {
    const set = async (request: never, _response: unknown, next: () => void) => {
      const session = await this.sessions.of<{ a?: number }>(request);
      session.data.a = 1;
      next();
    };
    const answer = async (request: never, response: { end(text: string): void }) => {
      const session = await this.sessions.of<{ a?: number }>(request);
      session.data.a = 1;
      response.end('answered');
    };
    consumer.apply(set).forRoutes('passed').apply(answer).forRoutes('answered');
  }
}

const forwarded = { headers: { 'x-forwarded-proto': 'https' } };

describe.each(cells)('%s', (_, cell) => {
  it('a cookie is not Secure over plain HTTP', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { setCookies } = await app.client().get('/set?a=1');
    expect(setCookies[0]?.attributes).not.toHaveProperty('secure');
  });

  it('a cookie is not Secure because a client says that it came over HTTPS', async () => {
    const app = await start(cell, { routes: verbRoutes });
    const { setCookies } = await app.client().get('/set?a=1', forwarded);
    expect(setCookies[0]?.attributes).not.toHaveProperty('secure');
  });

  it('a cookie is Secure behind a trusted proxy that came over HTTPS', async () => {
    const app = await start(cell, { routes: verbRoutes, server: { trustProxy: true } });
    for (const path of ['/set?a=1', '/reply?a=1', '/save?a=1']) {
      const { setCookies } = await app.client().get(path, forwarded);
      expect(setCookies[0]?.attributes).toHaveProperty('secure', '');
    }
    const plain = await app.client().get('/set?a=1', { headers: { 'x-forwarded-proto': 'http' } });
    expect(plain.setCookies[0]?.attributes).not.toHaveProperty('secure');
  });

  it('clearing is Secure where the cookie is', async () => {
    const app = await start(cell, { routes: verbRoutes, server: { trustProxy: true } });
    const { setCookies } = await app.client().get('/read', { ...forwarded, cookie: 'sid=malformed' });
    expect(setCookies).toMatchObject([{ isCleared: true, attributes: { secure: '' } }]);
  });

  it.each(['global', 'declared'] as const)(
    'a cookie that a middleware causes is Secure behind a trusted proxy, interceptor %s',
    async (interceptor) => {
      const app = await start(cell, {
        routes: { passed: without(), answered: without() },
        imports: [TouchingModule],
        options: (storage) => ({ storage, interceptor }),
        server: { trustProxy: true },
      });
      for (const path of ['/passed', '/answered']) {
        const { status, setCookies } = await app.client().get(path, forwarded);
        expect(status).toBe(200);
        expect({ path, attributes: setCookies[0]?.attributes }).toMatchObject({ path, attributes: { secure: '' } });
      }
    },
  );

  it('secure: true and false are kept whatever the connection', async () => {
    const always = await start(cell, { routes: verbRoutes, session: { cookie: { secure: true } } });
    const { setCookies } = await always.client().get('/set?a=1');
    expect(setCookies[0]?.attributes).toHaveProperty('secure', '');

    const never = await start(cell, {
      routes: verbRoutes,
      session: { cookie: { secure: false } },
      server: { trustProxy: true },
    });
    const answer = await never.client().get('/set?a=1', forwarded);
    expect(answer.setCookies[0]?.attributes).not.toHaveProperty('secure');
  });

  it('a Secure cookie is withheld from a browser that would drop it, with one warning that says why', async () => {
    const app = await start(cell, { routes: verbRoutes, session: { cookie: { secure: true } } });
    const plain = { headers: { host: 'shop.example' } };
    for (let count = 0; count < 3; count++) {
      expect(await app.client().get('/set?a=1', plain)).toMatchObject({ status: 200, setCookies: [] });
    }
    expect((await app.client().get('/read', { ...plain, cookie: 'sid=malformed' })).setCookies).toEqual([]);
    const warnings = app.logs.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).toEqual([
      expect.stringMatching(/^Cannot send the cookie of session "sid": .*plain HTTP.*serve HTTPS, or let the proxy/),
    ]);
  });

  it.each([
    ['the proxy says HTTPS, though the app does not trust it', { host: 'shop.example', 'x-forwarded-proto': 'https' }],
    ['the proxy says so in Forwarded', { host: 'shop.example', forwarded: 'for=10.0.0.1;proto=https' }],
    ['the browser is on the same machine', { host: 'localhost:3000' }],
  ])('a Secure cookie is sent when %s', async (_when, headers) => {
    const app = await start(cell, { routes: verbRoutes, session: { cookie: { secure: true } } });
    const { setCookies } = await app.client().get('/set?a=1', { headers });
    expect(setCookies).toMatchObject([{ attributes: { secure: '' } }]);
    expect(app.logs.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it.each(['__Host-sid', '__Secure-sid', '__Host-Http-sid'])('a cookie may be named %s', async (name) => {
    const app = await start(cell, { routes: verbRoutes, session: { name, cookie: { secure: true } } });
    const client = app.client();
    const { setCookies } = await client.get('/set?a=1');
    expect(setCookies).toMatchObject([{ name, attributes: { secure: '', path: '/', httponly: '' } }]);
    expect(setCookies[0]?.attributes).not.toHaveProperty('domain');
    expect(await client.json('/read')).toEqual({ a: '1' });
    // Names are compared byte by byte
    expect(await app.client().json('/read', { cookie: `${name.toLowerCase()}=${client.token(name)}` })).toEqual({});
  });

  it('a cookie is Secure over HTTPS', async () => {
    const app = await start(cell, { routes: verbRoutes, server: { https: { ...tls, pskCallback: () => psk } } });
    const line = await new Promise<string>((resolve, reject) => {
      const options = {
        ...tls,
        agent: false,
        pskCallback: () => ({ psk, identity: 'test' }),
        checkServerIdentity: () => undefined,
      };
      request(new URL('/set?a=1', app.origin), options as object, (response) => {
        resolve(response.headers['set-cookie']?.[0] ?? '');
        response.resume();
      })
        .once('error', reject)
        .end();
    });
    expect(setCookieOf(line).attributes).toHaveProperty('secure', '');
  });
});
