import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Observable, Subject, Subscriber, type Observer, type Subscription } from 'rxjs';
import type { SessionEvent } from '../tracker/session-event.js';

/** What happens to the sessions of this app: a stream for programs, lines for operators. */
@Injectable()
export class SessionEvents implements OnApplicationShutdown {
  readonly #logger = new Logger('Sessions');
  readonly #subject = new Subject<SessionEvent>();

  /** All events from the moment of subscription. */
  readonly stream: Observable<SessionEvent> = new SessionEventStream(this.#subject, (error) => {
    this.#logger.error(`An observer of session events failed: ${error instanceof Error ? error.name : 'unknown'}`);
  });

  /** Tells everybody of an event. */
  readonly emit = (event: SessionEvent): void => {
    if (event.type === 'refused') this.#logger.debug(describe(event));
    else if (event.type === 'storageFailed') this.#logger.error(describe(event));
    this.#subject.next(event);
  };

  onApplicationShutdown(): void {
    this.#subject.complete();
  }
}

/**
 * A stream whose observers may throw: rxjs would throw that again in a timer of its own, and end the process. An observer
 * behind operators has to see to itself.
 */
class SessionEventStream extends Observable<SessionEvent> {
  readonly #onFailure: (error: unknown) => void;

  constructor(source: Observable<SessionEvent>, onFailure: (error: unknown) => void) {
    super((subscriber) => source.subscribe(subscriber));
    this.#onFailure = onFailure;
  }

  override subscribe(
    observer?: Partial<Observer<SessionEvent>> | ((event: SessionEvent) => void) | null,
  ): Subscription {
    if (observer instanceof Subscriber) return super.subscribe(observer);
    const partial = typeof observer === 'function' ? { next: observer } : (observer ?? {});
    return super.subscribe({
      next: (event) => {
        try {
          partial.next?.(event);
        } catch (error) {
          this.#onFailure(error);
        }
      },
      error: (error) => partial.error?.(error),
      complete: () => partial.complete?.(),
    });
  }
}

function describe({ type, session, id, reason }: SessionEvent): string {
  return [`Session "${session}"`, id, type === 'refused' ? 'refused:' : 'storage failed:', reason]
    .filter((part) => part !== undefined)
    .join(' ');
}
