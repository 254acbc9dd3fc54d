import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Where Debian puts the programs of PostgreSQL, newest first: they are not in the PATH. */
function postgresFolders(): readonly string[] {
  const above = '/usr/lib/postgresql';
  if (!existsSync(above)) return [];
  const versions = readdirSync(above).toSorted((one, other) => Number(other) - Number(one));
  return versions.map((version) => join(above, version, 'bin'));
}

/** @returns its path; `undefined` when it is not on this machine */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', ...postgresFolders()];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether packages can be installed here: Debian or Ubuntu, as root. */
function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/**
 * Finds a program, and installs the Debian package that has it where that can be done.
 *
 * @returns its path; `undefined` when it cannot be had here
 */
export async function findOrInstall(name: string, debianPackage: string): Promise<string | undefined> {
  const found = findProgram(name);
  if (found !== undefined || !canInstall()) return found;
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', debianPackage);
  } catch (error) {
    process.stderr.write(`Cannot install ${debianPackage}: ${String(error)}\n`);
  }
  return findProgram(name);
}

async function apt(...args: string[]): Promise<void> {
  await promisify(execFile)('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  });
}
