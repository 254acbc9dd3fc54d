import { setTimeout } from 'node:timers/promises';

/** The longest pause between two tries, in milliseconds; all pauses together are about a second. */
const LONGEST_PAUSE = 512;

/** What Windows says while another process, a virus scanner for instance, has a file open for a moment. */
const PASSING = ['EPERM', 'EACCES', 'EBUSY'];

/**
 * Lets a call of the file system try again where its refusal is likely to pass: on Windows. Elsewhere the same codes are
 * answers, and are passed on at once.
 *
 * @param call one that has done nothing when it rejects
 */
export function persistently<Arguments extends unknown[], R>(
  call: (...parameters: Arguments) => Promise<R>,
  platform: NodeJS.Platform = process.platform,
): (...parameters: Arguments) => Promise<R> {
  if (platform !== 'win32') return call;
  return async (...parameters) => {
    for (let pause = 1; ; pause *= 2) {
      try {
        return await call(...parameters);
      } catch (error) {
        if (pause > LONGEST_PAUSE || !isPassing(error)) throw error;
      }
      await setTimeout(pause);
    }
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.includes(String(error.code));
}
