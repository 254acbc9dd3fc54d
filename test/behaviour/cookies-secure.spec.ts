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
