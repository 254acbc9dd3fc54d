import type { Type } from '@nestjs/common';
import { SessionNotRegisteredError } from '../errors.js';

/** What names a session: its class, its name, or nothing where there is one. */
export type SessionTarget = Type<object> | string | undefined;

/** A session as far as it is known before it is built. */
export interface NamedSession {
  readonly name: string;
  readonly type?: Type<object> | undefined;
}

/**
 * Finds a session among those of an app.
 *
 * @throws {SessionNotRegisteredError} when there is none, or the name is missing among several
 */
export function findSession<Found extends NamedSession>(sessions: readonly Found[], target: SessionTarget): Found {
  const [first, second] = sessions;
  if (target === undefined && first !== undefined && second === undefined) return first;
  const found = sessions.find(({ name, type }) => target !== undefined && (target === name || target === type));
  if (found !== undefined) return found;
  throw new SessionNotRegisteredError(`Cannot use session: ${whyNot(sessions, target)}`);
}

function whyNot(sessions: readonly NamedSession[], target: SessionTarget): string {
  const names = sessions.map(({ name }) => `"${name}"`).join(', ');
  if (target === undefined) return `there are several, ${names}: name one, or give its class`;
  const asked = typeof target === 'string' ? `"${target}"` : `class ${target.name}`;
  return `${asked} is not registered: SessionsModule has ${names}`;
}
