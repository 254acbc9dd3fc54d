import { lstatSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is gone when the test has finished. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nest-sessions-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Everything under a folder, by relative path; nothing when it is not there. */
export function everythingIn(path: string): readonly string[] {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
  return (readdirSync(path, { recursive: true }) as string[]).toSorted();
}

/** What a `DirectoryStorage` has in its temporary folder, without the file that all marks are names of. */
export function temporaryIn(path: string): readonly string[] {
  return everythingIn(join(path, 'temporary')).filter((name) => name !== 'mark');
}

/** Lets everything that a `DirectoryStorage` has in its temporary folder be written so many milliseconds ago. */
export function writtenAgo(path: string, milliseconds: number): void {
  const seconds = (Date.now() - milliseconds) / 1000;
  for (const name of temporaryIn(path)) utimesSync(join(path, 'temporary', name), seconds, seconds);
}
