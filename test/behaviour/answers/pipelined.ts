import { connect } from 'node:net';

/** Sends requests on one connection without waiting for answers. */
export function pipelined(port: number, paths: readonly string[]) {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const all = new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => resolve(text.replaceAll('\r\n', '\n')));
  });
  paths.forEach((path, index) => {
    const connection = index === paths.length - 1 ? 'close' : 'keep-alive';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: ${connection}\r\n\r\n`);
  });
  return { received: () => text, all };
}
