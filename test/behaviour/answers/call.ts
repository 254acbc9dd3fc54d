import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import type { Answer, Field } from './answer.js';
import type { Way } from './way.js';

/** A request under way, seen from the client. */
export interface Call {
  /** All bytes that have come so far; over HTTP/2, where the connection itself speaks, whether an answer has begun. */
  received(): string;
  /** Goes away, whatever has come. */
  leave(): void;
  readonly answer: Promise<Answer>;
}

/** Where to send a request. */
export interface Target {
  readonly port: number;
  readonly http2: boolean;
}

/** The header fields by which a client brings its session. */
export type Ticket = Readonly<Record<string, string>>;

/** Sends a request on a connection of its own. `onAnswer` is called at the first byte of the final answer. */
export function send(target: Target, way: Way, ticket: Ticket = {}, onAnswer: () => void = () => undefined): Call {
  const headers: Record<string, string> = { ...way.headers, ...ticket };
  return target.http2 ? sendHttp2(target.port, way, headers, onAnswer) : sendHttp1(target.port, way, headers, onAnswer);
}

function sendHttp1(port: number, way: Way, headers: Record<string, string>, onAnswer: () => void): Call {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    const begun = hasAnswer(text);
    text += chunk.toString('latin1');
    if (!begun && hasAnswer(text)) onAnswer();
  });
  const call = request({
    createConnection: () => socket,
    method: way.method ?? 'GET',
    path: way.path,
    headers: { host: 'shop.example', connection: 'close', ...headers },
  });
  const answer = answerTo(call).finally(() => socket.destroy());
  answer.catch(() => undefined);
  call.end();
  return { received: () => text, leave: () => socket.destroy(), answer };
}

function hasAnswer(text: string): boolean {
  return /^HTTP\/1\.1 [2-5]/m.test(text);
}

function answerTo(call: ClientRequest): Promise<Answer> {
  const informed: number[] = [];
  call.on('continue', () => informed.push(100));
  call.on('information', ({ statusCode }) => informed.push(statusCode));
  return new Promise((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (message: IncomingMessage) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', () => undefined);
      message.on('close', () =>
        resolve({
          status: message.statusCode ?? 0,
          message: message.statusMessage ?? '',
          fields: pairs(message.rawHeaders),
          body: Buffer.concat(chunks),
          trailers: message.rawTrailers,
          complete: message.complete,
          informed,
        }),
      );
    });
  });
}

function pairs(list: readonly string[]): readonly Field[] {
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at]!.toLowerCase(), list[2 * at + 1]!]);
}

function sendHttp2(port: number, way: Way, headers: Record<string, string>, onAnswer: () => void): Call {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const stream = session.request({ ':path': way.path, ':method': way.method ?? 'GET', ...headers });
  let text = '';
  stream.on('response', ({ ':status': status }) => {
    text = `HTTP/2 ${status}`;
    onAnswer();
  });
  const answer = answerOver(stream).finally(() => session.destroy());
  answer.catch(() => undefined);
  stream.end();
  return { received: () => text, leave: () => session.destroy(), answer };
}

function answerOver(stream: ClientHttp2Stream): Promise<Answer> {
  const informed: number[] = [];
  stream.on('headers', ({ ':status': status }) => informed.push(Number(status)));
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', ({ ':status': status, ...headers }) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('close', () =>
        resolve({
          status: Number(status),
          message: '',
          fields: Object.entries(headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((one): Field => [name, one]),
          ),
          body: Buffer.concat(chunks),
          trailers: [],
          complete: stream.rstCode === 0,
          informed,
        }),
      );
    });
  });
}
