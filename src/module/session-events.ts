import { Injectable, Logger } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import type { SessionEvent } from '../tracker/session-event.js';
import { GuardedStream } from './guarded-stream.js';

/** What happens to the sessions of this app: a stream for programs, lines for operators. */
@Injectable()
export class SessionEvents {
  readonly #logger = new Logger('Sessions');
  readonly #subject = new Subject<SessionEvent>();

  /** All events from the moment of subscription. */
  readonly stream: Observable<SessionEvent> = GuardedStream.of(this.#subject, (error, isLast) => {
    const failed = isLast ? 'failed, and is told no more' : 'failed';
    this.#logger.error(`An observer of session events ${failed}: ${error instanceof Error ? error.name : 'unknown'}`);
  });

  /** Whether anybody has subscribed, and not left. */
  get isObserved(): boolean {
    return this.#subject.observed;
  }

  /** Tells everybody of an event. */
  readonly emit = (event: SessionEvent): void => {
    if (event.type === 'refused') this.#logger.debug(describe(event));
    else if (event.type === 'storageFailed') this.#logger.error(describe(event));
    this.#subject.next(event);
  };

  /** Says that nothing will happen any more. */
  complete(): void {
    this.#subject.complete();
  }
}

function describe({ type, session, id, reason }: SessionEvent): string {
  return [`Session "${session}"`, id, type === 'refused' ? 'refused:' : 'storage failed:', reason]
    .filter((part) => part !== undefined)
    .join(' ');
}
