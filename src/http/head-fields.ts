import { oddHeaderListError } from './gate-errors.js';
import type { RawResponse } from './gate-hooks.js';

type FieldValue = number | string | readonly string[];

/**
 * Sets the header fields of a `writeHead()` call on the response, so that one place holds all fields of the head. What is
 * given here overrides what was set before; a name that a list repeats keeps all its values.
 *
 * @param fields an object, a flat list of names and values, a list of pairs, or nothing
 * @throws {TypeError} for what Node itself refuses
 * @see https://nodejs.org/api/http.html#responsewriteheadstatuscode-statusmessage-headers
 */
export function applyHeadFields(response: RawResponse, fields: unknown): void {
  if (Array.isArray(fields)) return applyList(response, fields);
  if (typeof fields !== 'object' || fields === null) return;
  for (const name of Object.keys(fields)) {
    if (name) response.setHeader(name, (fields as Record<string, number | string>)[name] as number | string);
  }
}

/** Finds the header fields among what follows the status in `writeHead()`: a message and fields, or fields alone. */
export function headFieldsOf(reason: unknown, fields: unknown): unknown {
  return fields ?? (typeof reason === 'string' ? undefined : reason);
}

function applyList(response: RawResponse, list: readonly unknown[]): void {
  const fields = new Map<unknown, { name: string; value: FieldValue }>();
  for (const [name, value] of pairsOf(list)) {
    const key = typeof name === 'string' ? name.toLowerCase() : name;
    const earlier = fields.get(key);
    if (earlier) earlier.value = [earlier.value, value].flat() as string[];
    else fields.set(key, { name, value });
  }
  for (const { name, value } of fields.values()) if (name) response.setHeader(name, value);
}

function pairsOf(list: readonly unknown[]): readonly (readonly [string, FieldValue])[] {
  if (Array.isArray(list[0])) return list as readonly (readonly [string, FieldValue])[];
  if (list.length % 2 !== 0) throw oddHeaderListError();
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at] as string, list[2 * at + 1] as FieldValue]);
}
