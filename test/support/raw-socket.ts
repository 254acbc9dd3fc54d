import { once } from 'node:events';
import { connect } from 'node:net';
import { setCookieOf, type SetCookieLine } from './set-cookie.js';

/** The first answer on a connection, as bytes on the wire have it. */
export interface RawAnswer {
  /** 0 when the server closed without a word. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly setCookies: readonly SetCookieLine[];
}

/** Sends bytes as they are, which a client library would refuse or tidy up, and reads until the server closes. */
export async function sendRaw(origin: string, bytes: string | Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that refuses a request may reset the connection while it is still being sent
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  const text = Buffer.concat(chunks).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const fields = head.split('\r\n').slice(1);
  const lines = fields.filter((field) => /^set-cookie:/i.test(field)).map((field) => field.slice(11).trim());
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end < 0 ? '' : text.slice(end + 4),
    setCookies: lines.map(setCookieOf),
  };
}

/** A GET whose `Cookie` field is exactly these bytes. */
export function getWithCookie(path: string, cookie: string | Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: `),
    Buffer.from(cookie),
    Buffer.from('\r\n\r\n'),
  ]);
}
