import { SessionCommittedError, SessionEndedError } from '../errors.js';
import type { Reply } from './tracked-session.js';

/**
 * Why a change that was not stored is nobody's loss: its session has ended, or nobody is there to get a new one.
 *
 * @returns `undefined` when it is somebody's
 */
export function lossOf(error: unknown, reply: Reply): 'ended' | 'too late' | undefined {
  if (error instanceof SessionEndedError) return 'ended';
  return error instanceof SessionCommittedError && reply.state === 'gone' ? 'too late' : undefined;
}
