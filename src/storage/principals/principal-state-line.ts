import { SessionDecodeError } from '../../errors.js';
import type { KeptEntry, PrincipalState, RaisedEpoch } from './principal-state.js';

/** What has another version of the format is not read: an epoch could be missed in it. */
const FORMAT = 1;

/** Writes a state as one line of JSON, for an index that keeps it as text. */
export function encodePrincipalState({ epoch, entries }: PrincipalState): string {
  const { at, except } = epoch ?? {};
  return JSON.stringify({
    v: FORMAT,
    epoch: at,
    except: except && (except.at === undefined ? [except.id] : [except.id, except.at]),
    entries: entries.map(({ id, addedAt, expiresAt }) => [id, addedAt, expiresAt]),
  });
}

/**
 * Reads what `encodePrincipalState()` has written.
 *
 * @throws {SessionDecodeError} for everything else
 */
export function decodePrincipalState(line: string): PrincipalState {
  const fields = parse(line);
  if (fields['v'] !== FORMAT) refuse();
  return {
    epoch: fields['epoch'] === undefined ? undefined : raised(fields['epoch'], fields['except']),
    entries: list(fields['entries']).map(kept),
  };
}

function parse(line: string): Record<string, unknown> {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    // The engine's message quotes what is stored
  }
  return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : refuse();
}

function raised(at: unknown, except: unknown): RaisedEpoch {
  if (except === undefined) return { at: instant(at) };
  const [id, before] = list(except);
  return { at: instant(at), except: { id: text(id), at: before === undefined ? undefined : instant(before) } };
}

function kept(value: unknown): KeptEntry {
  const [id, addedAt, expiresAt] = list(value);
  return { id: text(id), addedAt: instant(addedAt), expiresAt: instant(expiresAt) };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : refuse();
}

function instant(value: unknown): number {
  return typeof value === 'number' ? value : refuse();
}

function refuse(): never {
  throw new SessionDecodeError('Cannot read principal: what is stored is not a state of this version');
}
