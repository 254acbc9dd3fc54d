import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** How long a server may take to answer, in milliseconds. */
const PATIENCE = 30_000;

/** A port of the loopback interface that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port');
  return address.port;
}

/** A server in a process of its own, which can be stopped, paused and started again. */
export class ServerProcess {
  readonly #command: readonly [path: string, ...args: string[]];
  readonly #options: SpawnOptions;
  readonly #answers: () => Promise<boolean>;
  #process: ChildProcess | undefined;
  #printed = '';

  /** @param answers whether it answers by now */
  constructor(
    command: readonly [path: string, ...args: string[]],
    options: SpawnOptions,
    answers: () => Promise<boolean>,
  ) {
    this.#command = command;
    this.#options = options;
    this.#answers = answers;
  }

  /** Starts it, anew after a stop; resolves when it answers. */
  async start(): Promise<void> {
    const [path, ...args] = this.#command;
    const child = spawn(path, args, { ...this.#options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => this.#note(text));
    const deadline = Date.now() + PATIENCE;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Cannot start ${path}: ${this.#printed}`);
      }
      await setTimeout(20);
    }
  }

  /** Ends it, at once; resolves when it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    // One that is paused hears nothing else
    child.kill('SIGCONT');
    await gone;
  }

  /** Lets it stand still, its connections open. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process?.kill('SIGCONT');
  }

  #note(text: Buffer): void {
    this.#printed = (this.#printed + text.toString()).slice(-4000);
  }
}
