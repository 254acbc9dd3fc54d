import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { gate, type FailureAnswer, type GateHooks, type RawResponse } from '../../../src/http/response-gate.js';

/** A promise, and the hands to settle it. */
export interface Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  const settle: { resolve?: (value: T) => void; reject?: (error: unknown) => void } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, resolve: (value) => settle.resolve?.(value), reject: (error) => settle.reject?.(error) };
}

export const unavailable: FailureAnswer = {
  status: 503,
  headers: { 'content-type': 'text/plain', 'retry-after': '5' },
  body: 'not stored',
};

/** A commit under way, or one that begins when it is asked for. */
export type Commit = Promise<void> | (() => Promise<void>);

/** Hooks that commit what a test lines up, and note in `log` what the gate asks of them, in order. */
export class LabHooks implements GateHooks {
  readonly log: string[] = [];
  readonly lateErrors: unknown[] = [];
  /** How often the gate asked in vain after the whole response had left. */
  askedAtClose = 0;
  #response: RawResponse | undefined;
  readonly #commits: (Commit | undefined)[] = [];

  /** Lines up what the next calls of `commit()` give; after these there is nothing to store. */
  next(...commits: (Commit | undefined)[]): this {
    this.#commits.push(...commits);
    return this;
  }

  commit(): Promise<void> | undefined {
    const commit = this.#commits.shift();
    if (!commit && this.#response?.writableFinished) {
      this.askedAtClose++;
      return undefined;
    }
    this.log.push(commit ? 'commit' : 'nothing');
    return typeof commit === 'function' ? commit() : commit;
  }

  head(response: RawResponse, status: number): void {
    this.#response = response;
    this.log.push(`head ${status}`);
    this.addFields(response);
  }

  /** What `head()` adds. */
  addFields: (response: RawResponse) => void = () => undefined;

  failure(error: unknown): FailureAnswer {
    this.log.push(`failure ${(error as Error).message}`);
    return unavailable;
  }

  late(error: unknown): void {
    this.log.push(`late ${(error as Error).message}`);
    this.lateErrors.push(error);
  }
}

/** A commit that takes a turn of the event loop. */
export async function commitInATurn(): Promise<void> {
  await turn();
}

/** A commit that fails after a turn. */
export async function failInATurn(): Promise<void> {
  await turn();
  throw new Error('down');
}

/** Appends a cookie as a session does. */
export function addCookie(response: RawResponse): void {
  const earlier = response.getHeader('set-cookie') ?? [];
  response.setHeader('set-cookie', [earlier, 'sid=1'].flat().map(String));
}

/**
 * Serves until the test is over. A handler that fails ends its connection, and fails the test.
 *
 * @returns the port
 */
export async function serve(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<number> {
  return listen(
    createServer(async (req, res) => {
      try {
        await handler(req, res);
      } catch (error) {
        req.socket.destroy();
        throw error;
      }
    }),
  );
}

export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** What came over a socket, as text, without what differs from second to second. */
export function exchange(port: number, request = 'GET / HTTP/1.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () =>
      resolve(
        Buffer.concat(chunks)
          .toString('latin1')
          .replace(/^date: .*\r\n/gim, ''),
      ),
    );
    socket.write(`${request}\r\nHost: lab\r\nConnection: close\r\n\r\n`);
  });
}

/** An answer over a socket, taken apart. */
export async function ask(port: number, request?: string) {
  const text = await exchange(port, request);
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  return { text, statusLine, fields, body: body.join('\r\n\r\n') };
}

/** Serves one gated answer, and gives it with what the gate asked of its hooks. */
export async function answerWith(hooks: LabHooks, answer: (response: ServerResponse) => unknown, request?: string) {
  const port = await serve((_, res) => {
    gate(res, hooks);
    return answer(res);
  });
  return ask(port, request);
}
