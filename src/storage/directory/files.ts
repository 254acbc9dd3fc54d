import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { SessionStorageError } from '../../errors.js';
import { persistently } from './persistently.js';

/** Opens for reading, but neither through a symbolic link nor by waiting for somebody at the other end of a pipe. */
export const READ = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);
/** Opens for writing what must not be there yet. */
export const WRITE_NEW = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL;

/** Everything that is made is for this user alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const stats = operation('examine', promisify(fs.lstat) as (path: string) => Promise<fs.Stats>);
const makeFolders = operation('make', promisify(fs.mkdir));
const makeOneFolder = operation('make', promisify(fs.mkdir) as (path: string, mode: number) => Promise<void>);

/** The callback forms of `node:fs` cost a third of `node:fs/promises`; all reject with `SessionStorageError` alone. */
export const readAt = operation(
  'read',
  promisify(fs.read) as (
    descriptor: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ bytesRead: number }>,
);
export const writeOn = operation(
  'write',
  promisify(fs.write) as (descriptor: number, buffer: Uint8Array, offset: number) => Promise<{ bytesWritten: number }>,
);
export const sync = operation('sync', promisify(fs.fsync));
export const close = operation('close', promisify(fs.close));
export const list = operation('list', promisify(fs.readdir) as (path: string) => Promise<string[]>);
export const listTyped = operation('list', (path: string) => promisify(fs.readdir)(path, { withFileTypes: true }));
export const realPath = operation('resolve', promisify(fs.realpath.native) as (path: string) => Promise<string>);
export const link = operation('link', promisify(fs.link));
export const rename = operation('rename', persistently(promisify(fs.rename)));
export const remove = operation('remove', persistently(promisify(fs.unlink)));
export const removeFolder = operation('remove', persistently(promisify(fs.rmdir) as (path: string) => Promise<void>));

const openWith = operation(
  'open',
  promisify(fs.open) as (path: string, flags: number, mode: number) => Promise<number>,
);

/** @returns a file descriptor, the caller's to close */
export function open(path: string, flags: number): Promise<number> {
  return openWith(path, flags, FILE_MODE);
}

/**
 * Makes a folder, and those above it that are missing.
 *
 * @param durable whether they shall survive a loss of power
 */
export async function makeFolder(path: string, durable: boolean): Promise<void> {
  const first = await makeFolders(path, { recursive: true, mode: FOLDER_MODE });
  if (!durable || first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes a folder that must not be there yet, where the one above it is. */
export function makeNewFolder(path: string): Promise<void> {
  return makeOneFolder(path, FOLDER_MODE);
}

/** Makes an empty file that must not be there yet. */
export async function makeEmptyFile(path: string): Promise<void> {
  await close(await open(path, WRITE_NEW));
}

/** When a file was last written to, in milliseconds since the epoch; `undefined` when it is not there. */
export async function lastWritten(path: string): Promise<number | undefined> {
  return (await unless(stats(path), 'ENOENT'))?.mtimeMs;
}

/** Lets what stands in a folder survive a loss of power. Windows has no such call for folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    await sync(folder);
  } finally {
    await close(folder);
  }
}

/** @returns what the work resolves to; `undefined` when it fails with one of these codes */
export async function unless<R>(work: Promise<R>, ...codes: readonly string[]): Promise<R | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** @returns whether the work was done; `false` when it failed with one of these codes */
export async function succeeds(work: Promise<void>, ...codes: readonly string[]): Promise<boolean> {
  return (
    (await unless(
      work.then(() => true),
      ...codes,
    )) === true
  );
}

function codeOf(error: unknown): string {
  const cause = error instanceof SessionStorageError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function operation<Arguments extends unknown[], R>(
  verb: string,
  call: (...parameters: Arguments) => Promise<R>,
): (...parameters: Arguments) => Promise<R> {
  return async (...parameters) => {
    try {
      return await call(...parameters);
    } catch (cause) {
      throw new SessionStorageError(`Cannot ${verb} session file: the file system refuses it`, { cause });
    }
  };
}
