import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Stands between a client and its server, and can make of the network what networks are. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections clients have opened so far. */
  readonly accepted: number;
  /** Ends every connection, at once; new ones are taken. */
  cut(): void;
  /** Ends every connection, and each new one, until `accept()`. */
  refuse(): void;
  /** Takes new connections again. */
  accept(): void;
  /** Lets bytes of both directions wait, until `flow()`; connections stay open. */
  hold(): void;
  flow(): void;
  /** Lets bytes wait of the connections that there are, until `flow()`; new ones are as they should be. */
  forget(): void;
  /**
   * When bytes of a client that hold this text have reached the server and it has answered: drops that answer, and ends the
   * connection. Once.
   *
   * @returns a promise that resolves when that has happened
   */
  dropAnswerTo(text: string): Promise<void>;
}

/** Starts a proxy on a free port of the loopback interface; it ends with the test. */
export async function startProxy(target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let accepted = 0;
  let isRefusing = false;
  let isHeld = false;
  let drop: { readonly text: string; readonly dropped: () => void } | undefined;

  const server = createServer((client) => {
    accepted++;
    if (isRefusing) {
      client.destroy();
      return;
    }
    const upstream = createConnection({ host: '127.0.0.1', ...target });
    const pair = [client, upstream] as const;
    let dropped: (() => void) | undefined;
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    pairs.add(pair);
    if (isHeld) for (const socket of pair) socket.pause();
    client.on('data', (bytes) => {
      if (drop !== undefined && bytes.toString('latin1').includes(drop.text)) {
        dropped = drop.dropped;
        drop = undefined;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (dropped === undefined) {
        client.write(bytes);
        return;
      }
      end();
      dropped();
    });
    for (const socket of pair) socket.on('close', end).on('error', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  onTestFinished(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Cannot start proxy: it has no port');
  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    cut,
    refuse() {
      isRefusing = true;
      cut();
    },
    accept() {
      isRefusing = false;
    },
    hold() {
      isHeld = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    forget() {
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    flow() {
      isHeld = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    dropAnswerTo(text) {
      return new Promise((resolve) => {
        drop = { text, dropped: resolve };
      });
    },
  };
}
