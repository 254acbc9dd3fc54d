import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AppSpec } from './app-spec.js';
import { onAppCore } from './cores.js';

/** What a host is asked: to serve requests by itself, or only what all has cost so far. */
export type Question = Injection | { readonly usage: true };

/** Requests that an app makes of itself, without a socket. */
export interface Injection {
  readonly path: string;
  /** What is sent as `Cookie`; `undefined` for nothing. */
  readonly cookie?: string | undefined;
  readonly times: number;
}

/** What a host tells. */
export type Answer = { readonly port: number } | Usage;

/** What an app has used since it began. */
export interface Usage {
  /** CPU time of all its threads, in microseconds. */
  readonly cpu: number;
  /** Calls of its storage, and bytes of data in them; 0 unless they are counted. */
  readonly calls: number;
  readonly bytes: number;
}

/** An app in a process of its own, on a core of its own where there is one. */
export class AppProcess {
  readonly spec: AppSpec;
  readonly #child: ChildProcess;
  readonly #gone: Promise<never>;
  #origin = '';

  private constructor(spec: AppSpec, child: ChildProcess) {
    this.spec = spec;
    this.#child = child;
    this.#gone = once(child, 'exit').then(() => {
      throw new Error(`Cannot measure ${spec.app}: its process has ended`);
    });
    this.#gone.catch(() => {});
  }

  /** Starts it; resolves when it listens. */
  static async start(spec: AppSpec): Promise<AppProcess> {
    const host = join(import.meta.dirname, 'app-host.js');
    const [command, args] = onAppCore(process.execPath, [host, JSON.stringify(spec)]);
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const app = new AppProcess(spec, child);
    const { port } = await app.#answer<{ port: number }>();
    app.#origin = `http://127.0.0.1:${port}`;
    return app;
  }

  /** Where it listens. */
  get origin(): string {
    return this.#origin;
  }

  usage(): Promise<Usage> {
    return this.#ask({ usage: true });
  }

  /**
   * Lets it serve requests that come from its own process.
   *
   * @returns CPU time of one of them, in microseconds
   */
  async inject(injection: Injection): Promise<number> {
    const before = await this.usage();
    const after = await this.#ask(injection);
    return (after.cpu - before.cpu) / injection.times;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone.catch(() => {});
  }

  #ask(question: Question): Promise<Usage> {
    this.#child.send(question);
    return this.#answer();
  }

  async #answer<A>(): Promise<A> {
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#gone])) as [A];
    return answer;
  }
}
