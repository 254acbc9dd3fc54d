import type { LoggerService } from '@nestjs/common';

/** A line that an app logged. */
export interface LogLine {
  readonly level: 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';
  readonly text: string;
  /** What was logged, as it was given. */
  readonly message: unknown;
}

/** Keeps what is logged, for tests to look at. */
export class KeptLogs implements LoggerService {
  readonly lines: LogLine[] = [];

  log = this.#keep('log');
  error = this.#keep('error');
  warn = this.#keep('warn');
  debug = this.#keep('debug');
  verbose = this.#keep('verbose');
  fatal = this.#keep('fatal');

  #keep(level: LogLine['level']) {
    return (message: unknown, ...rest: unknown[]): void => {
      const text = [message, ...rest].map((part) => (part instanceof Error ? part.stack : String(part))).join(' ');
      this.lines.push({ level, text, message });
    };
  }
}
