import { randomBytes } from 'node:crypto';
import secureSession from '@fastify/secure-session';
import cookieSession from 'cookie-session';
import { fastify } from 'fastify';
import { sealData, unsealData } from 'iron-session';
import type { Sealer, SessionData } from './sealer.js';

/** `iron-session` by the two functions that its own cookies are made with; its options as they are by default. */
export function ironSealer(): Sealer {
  const password = randomBytes(32).toString('base64');
  return {
    name: 'iron-session',
    protection: 'encrypted',
    seal: (data) => sealData(data, { password }),
    open: (text) => unsealData<SessionData>(text, { password }),
  };
}

/** `@fastify/secure-session` by its own functions, on a Fastify that answers nothing. */
export async function secureSessionSealer(): Promise<Sealer> {
  const app = fastify();
  await app.register(secureSession, { key: randomBytes(32) });
  await app.ready();
  return {
    name: '@fastify/secure-session',
    protection: 'encrypted',
    // It takes the object that it is given for its own, and adds the time to it
    seal: (data) => app.encodeSecureSession(app.createSecureSession({ ...data })),
    open: (text) => app.decodeSecureSession(text)?.data(),
  };
}

/**
 * `cookie-session` by its middleware, on the least of a request and a response: there is no other way to it. What it makes is
 * signed, by keygrip with HMAC-SHA-1, and anybody who holds it can read it.
 */
export function cookieSessionSealer(): Sealer {
  const middleware = cookieSession({ keys: [randomBytes(32).toString('base64')] });
  return {
    name: 'cookie-session',
    protection: 'signed only',
    seal(data) {
      const { request, response, cookies } = exchange('');
      middleware(request as never, response as never, () => {});
      request.session = data;
      response.writeHead(200);
      return cookies().join('; ');
    },
    open(text) {
      const { request, response } = exchange(text);
      middleware(request as never, response as never, () => {});
      return request.session ?? undefined;
    },
  };
}

/** What cookie-session uses of a request and a response; their types tell of `express-session`, which this bench uses too. */
function exchange(cookie: string): {
  readonly request: { session?: SessionData | null };
  readonly response: { writeHead(status: number): void };
  cookies(): readonly string[];
} {
  const headers = new Map<string, readonly string[]>();
  return {
    request: { headers: { cookie }, connection: {} } as { session?: SessionData },
    response: {
      getHeader: (name: string) => headers.get(name),
      setHeader: (name: string, lines: readonly string[]) => headers.set(name, lines),
      writeHead: () => {},
    } as { writeHead(status: number): void },
    // Of each, what a browser sends back
    cookies: () => (headers.get('Set-Cookie') ?? []).map((line) => line.split(';', 1)[0]!),
  };
}
