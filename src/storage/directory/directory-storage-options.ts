import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock, type Clock } from '../../common/clock.js';
import { assertKnownOptions, positiveInteger } from '../creation-checks.js';

/** How a `DirectoryStorage` keeps its records. */
export interface DirectoryStorageOptions {
  /**
   * Whether a write resolves only when its bytes and its place in the folder would survive a loss of power (fsync); default
   * `true`. Without it they survive the end of the process, however it comes, but not that of the machine.
   */
  readonly durable?: boolean;
  /** The most bytes of one record; default 16,777,216 (16 MiB). */
  readonly maxBytes?: number;
  /** The clock that tells what has expired; default: the machine's. */
  readonly clock?: Clock;
}

/** The options of a `DirectoryStorage` that is given as a class: with its folder. */
export interface InjectedDirectoryStorageOptions extends DirectoryStorageOptions {
  /** The folder; made, with those above it, when the first record is written. */
  readonly path: string;
}

/** The same, checked and complete. */
export type DirectoryStorageSettings = Required<InjectedDirectoryStorageOptions>;

const OPTIONS = ['path', 'durable', 'maxBytes', 'clock'] as const satisfies readonly (keyof DirectoryStorageSettings)[];

/**
 * Checks the options of a `DirectoryStorage`, and whether its folder can be used or made; makes nothing.
 *
 * @throws {TypeError | RangeError} naming the option, or the folder, and the cure
 */
export function directoryStorageSettings(
  given: string | InjectedDirectoryStorageOptions | undefined,
  options: DirectoryStorageOptions,
): DirectoryStorageSettings {
  const all = typeof given === 'string' ? { ...options, path: given } : { ...options, ...given };
  assertKnownOptions('DirectoryStorage', all, OPTIONS);
  const { path, durable = true, maxBytes = 16 * 1024 * 1024, clock = systemClock } = all;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw refusal('its folder must be named: give a path, or provide DIRECTORY_STORAGE_OPTIONS with one');
  }
  if (typeof durable !== 'boolean') throw refusal(`durable must be true or false: received ${String(durable)}`);
  positiveInteger('DirectoryStorage', 'maxBytes', maxBytes);
  const folder = resolve(path);
  assertUsable(folder);
  return Object.freeze({ path: folder, durable, maxBytes, clock });
}

/** The folder, or the nearest one above it that is there, must be a folder in which this process may write. */
function assertUsable(folder: string): void {
  const nearest = nearestExisting(folder);
  const where = nearest === folder ? folder : `${folder} can not be made: ${nearest}`;
  try {
    if (!statSync(nearest).isDirectory()) throw refusal(`${where} is not a folder: name another path`);
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw refusal(`${where} is not this user's to write: change its owner or mode, or name another path`);
  }
}

function nearestExisting(path: string): string {
  const isThere = existsSync(path) || dirname(path) === path;
  return isThere ? path : nearestExisting(dirname(path));
}

function refusal(why: string): TypeError {
  return new TypeError(`Cannot create DirectoryStorage: ${why}`);
}
