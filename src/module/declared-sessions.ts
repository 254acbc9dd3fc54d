import 'reflect-metadata';
import type { SessionTarget } from './find-session.js';

const DECLARED = Symbol('nest-sessions:declared');

/** Notes that a handler wants a session. */
export function declareSession(target: object, method: string | symbol, session: SessionTarget): void {
  const sessions = declaredSessions(target.constructor, method);
  Reflect.defineMetadata(DECLARED, [...sessions, session], target.constructor, method);
}

/**
 * The sessions that a handler declared with `@Session()`.
 *
 * @param controller the class whose method, or inherited method, it is
 * @returns an empty list when it declared none
 */
export function declaredSessions(controller: object, method: string | symbol): readonly SessionTarget[] {
  return (Reflect.getMetadata(DECLARED, controller, method) as readonly SessionTarget[] | undefined) ?? [];
}
