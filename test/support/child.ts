import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A program of `test/support` in a process of its own, which ends with the test at the latest. */
export class Child {
  /** The lines it has printed so far. */
  readonly lines: string[] = [];
  /** What it has printed on stderr so far, which is passed on. */
  errors = '';
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  constructor(program: string, ...args: readonly string[]) {
    const file = fileURLToPath(new URL(program, import.meta.url));
    this.#process = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
      process.stderr.write(text);
    });
    this.#closed = once(this.#process, 'close');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const look of this.#waiting) look();
    });
    onTestFinished(() => this.kill());
  }

  /** The first line that begins with a text, once it was printed. */
  async line(beginning: string): Promise<string> {
    const seen = new Promise<string>((resolve) => {
      const look = (): void => {
        const line = this.lines.find((one) => one.startsWith(beginning));
        if (line !== undefined) resolve(line);
      };
      this.#waiting.add(look);
      look();
    });
    const ended = this.#closed.then(() => Promise.reject(new Error(`it ended without a line "${beginning}"`)));
    return Promise.race([seen, ended]);
  }

  /** Resolves when it has stopped itself: the system says so. */
  async stopped(): Promise<void> {
    while (!/\) T /.test(readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8'))) await setTimeout(1);
  }

  goOn(): void {
    this.#process.kill('SIGCONT');
  }

  /** Asks it to end. */
  end(): void {
    this.#process.kill('SIGTERM');
  }

  /** Kills it; resolves when it is gone and all it has printed is read. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  /** Resolves to its exit code when it has ended by itself. */
  async exit(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }
}
