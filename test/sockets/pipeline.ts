import { connect, type Socket } from 'node:net';

/** One answer on a connection. */
export interface Answer {
  readonly status: number;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** A request for a path, whose `Cookie` field is exactly this, a character a byte. */
export function request(path: string, cookie: string, connection = 'keep-alive'): Buffer {
  const head = `GET /${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\nCookie: ${cookie}\r\n\r\n`;
  return Buffer.from(head, 'latin1');
}

/**
 * Sends requests down one connection, without waiting for answers, and reads until the server has answered so many or has
 * closed.
 *
 * @param expected how many answers there must be; `undefined`: as many as come before the server closes
 */
export async function pipeline(
  port: number,
  requests: readonly Uint8Array[],
  expected?: number,
): Promise<readonly Answer[]> {
  const socket = connect(port, '127.0.0.1');
  const answers = await new Promise<readonly Answer[]>((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const answers: Answer[] = [];
    // A server that refuses a request may reset the connection while it is still being sent
    socket.on('error', () => undefined);
    socket.setTimeout(10_000, () => reject(new Error(`no answer within 10 s, after ${answers.length}`)));
    socket.on('close', () => resolve(answers));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let taken = takeAnswer(bytes); taken !== undefined; taken = takeAnswer(bytes)) {
        answers.push(taken.answer);
        bytes = Buffer.from(taken.rest);
      }
      if (answers.length === expected) resolve(answers);
    });
    send(socket, requests, expected === undefined);
  }).finally(() => socket.destroy());
  return answers;
}

function send(socket: Socket, requests: readonly Uint8Array[], ends: boolean): void {
  for (const one of requests) socket.write(one);
  if (ends) socket.end();
}

/** Takes the first answer off what has come so far; `undefined` when it is not all there. */
function takeAnswer(bytes: Buffer): { readonly answer: Answer; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const valuesOf = (name: string): string[] =>
    fields
      .filter((field) => field.toLowerCase().startsWith(`${name}:`))
      .map((field) => field.slice(name.length + 1).trim());
  if (valuesOf('transfer-encoding').length > 0) throw new Error('an answer in chunks, which this reader does not know');
  const length = Number(valuesOf('content-length')[0] ?? 0);
  const start = end + 4;
  if (bytes.length < start + length) return undefined;
  const body = bytes.toString('latin1', start, start + length);
  return { answer: { status, setCookies: valuesOf('set-cookie'), body }, rest: bytes.subarray(start + length) };
}
