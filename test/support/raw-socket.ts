import { once } from 'node:events';
import { connect } from 'node:net';
import { inHeaders, type Handed } from './client.js';
import type { Cell } from './matrix.js';
import { setCookieOf, type SetCookieLine } from './set-cookie.js';
import { headerOf } from './travel.js';

/** The first answer on a connection, as bytes on the wire have it. */
export interface RawAnswer {
  /** 0 when the server closed without a word. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly setCookies: readonly SetCookieLine[];
  /** What it hands out, or clears, of sessions: in cookies and in their headers. */
  readonly handed: readonly Handed[];
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
  const setCookies = lines.map(setCookieOf);
  const raw = fields.flatMap((field) => [
    field.slice(0, field.indexOf(':')),
    field.slice(field.indexOf(':') + 1).trim(),
  ]);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end < 0 ? '' : text.slice(end + 4),
    setCookies,
    handed: [...setCookies, ...inHeaders(raw)],
  };
}

/** What stands before the value of `sid` in a request's head, where sessions travel so. */
export function beforeValue({ travel }: Pick<Cell, 'travel'>): string {
  return travel === 'header by id' ? `${headerOf('sid')}: ` : 'Cookie: sid=';
}

/** A GET that brings exactly these bytes as the value of `sid`. */
export function getWithValue(cell: Pick<Cell, 'travel'>, path: string, value: string | Uint8Array): Uint8Array {
  return getWithLine(path, Buffer.concat([Buffer.from(beforeValue(cell)), Buffer.from(value)]));
}

/** A GET whose head has exactly these bytes in it. */
export function getWithLine(path: string, line: string | Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`),
    Buffer.from(line),
    Buffer.from('\r\n\r\n'),
  ]);
}
