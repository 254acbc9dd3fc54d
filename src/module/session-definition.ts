import type { Type } from '@nestjs/common';
import { JsonSerializer } from '../record/json-serializer.js';
import type { SessionSerializer } from '../record/session-serializer.js';
import type { DataSchema } from '../session/data-schema.js';
import type { Timeouts } from '../session/expiry.js';
import type { PrincipalLimit } from '../tracker/principals.js';
import type { ConflictPolicy } from '../tracker/record-keeping.js';
import type { OutagePolicy } from '../tracker/tracking.js';
import type { SessionTransformer } from '../transformer/session-transformer.js';
import { limitOf } from './limit-options.js';
import {
  assertKnownKeys,
  at,
  durationAt,
  oneOf,
  outOfRange,
  textAt,
  withoutText,
  wrongType,
  type OptionPath,
} from './option-checks.js';
import { schemaOf } from './schema-options.js';
import type { SessionOptions } from './sessions-options.js';
import { transformersOf } from './transformer-options.js';
import { transportOf, type TransportAttributes } from './transport-options.js';

/** The name of a session that is given none. */
export const DEFAULT_NAME = 'sid';

/** One session's options, checked and complete; its storage is built by injection. */
export interface SessionDefinition {
  readonly name: string;
  readonly type: Type<object> | undefined;
  /** Whether the session itself travels, and the storage is for its revocation, if there is one. */
  readonly isClientSide: boolean;
  /** Whether it has a storage: always by id; by value, when it was given one for its revocation. */
  readonly hasStorage: boolean;
  readonly transport: TransportAttributes;
  readonly serializer: SessionSerializer;
  /** What the data must look like; `undefined` when any will do. */
  readonly schema: DataSchema | undefined;
  /** In the order of sealing. */
  readonly transformers: readonly SessionTransformer[];
  readonly timeouts: Timeouts;
  /** Milliseconds. */
  readonly storageTimeout: number;
  readonly onConflict: ConflictPolicy;
  readonly onOutage: OutagePolicy;
  readonly generateId: ((request: unknown) => string) | undefined;
  /** How many sessions a principal may have; `undefined` for any number. */
  readonly limit: PrincipalLimit | undefined;
}

const OPTIONS = [
  'type',
  'name',
  'storage',
  'clientSide',
  'cookie',
  'header',
  'serializer',
  'schema',
  'migrate',
  'keys',
  'transformers',
  'idleTimeout',
  'absoluteTimeout',
  'touchAfter',
  'storageTimeout',
  'onConflict',
  'onOutage',
  'generateId',
  'limit',
] as const satisfies readonly (keyof SessionOptions)[];

const ONE_MINUTE = 60_000;
const MAX_NAME_BYTES = 255;

/**
 * Checks the options of one session and fills in the defaults.
 *
 * @param path where they stand, for messages; empty when they are the module's own
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function defineSession(options: SessionOptions, path: OptionPath): SessionDefinition {
  assertKnownKeys(options, OPTIONS, path);
  const { type, serializer = new JsonSerializer(), generateId } = options;
  const name = nameAt(options.name ?? DEFAULT_NAME, at(path, 'name'));
  if (type !== undefined && typeof type !== 'function') throw wrongType(at(path, 'type'), 'must be a class', type);
  if (generateId !== undefined && typeof generateId !== 'function') {
    throw wrongType(at(path, 'generateId'), 'must be a function', generateId);
  }
  assertSerializer(serializer, at(path, 'serializer'));
  const isClientSide = isByValue(options, path);
  const transport = transportOf(name, options, path);
  const { storageTimeout = '5s', onConflict = 'merge', onOutage = 'fail' } = options;
  return Object.freeze({
    name,
    type,
    isClientSide,
    hasStorage: !isClientSide || isRevocable(options),
    transport,
    serializer,
    schema: schemaOf(options, path),
    transformers: transformersOf(options, isClientSide, path),
    timeouts: timeoutsOf(options, transport.cookie?.maxAge ?? Infinity, path),
    storageTimeout: durationAt(storageTimeout, at(path, 'storageTimeout')),
    onConflict: oneOf(onConflict, ['merge', 'reject'], at(path, 'onConflict')),
    onOutage: oneOf(onOutage, ['fail', 'readonly'], at(path, 'onOutage')),
    generateId,
    limit: limitOf(options.limit, at(path, 'limit')),
  });
}

/**
 * Checks the form of the option that lets a session live at its client, whatever the other options are.
 *
 * @throws {TypeError} naming the option and the cure
 */
export function assertClientSide(clientSide: NonNullable<SessionOptions['clientSide']>, path: OptionPath): void {
  if (typeof clientSide === 'boolean') return;
  const given: unknown = clientSide;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrongType(path, 'must be true, false or { revocation }', withoutText(given));
  }
  assertKnownKeys(given, ['revocation'], path);
}

/**
 * Checks whether a session lives at its client.
 *
 * @throws {TypeError} when it has options that nothing would read then
 */
function isByValue(options: SessionOptions, path: OptionPath): boolean {
  const { clientSide = false } = options;
  const here = at(path, 'clientSide');
  assertClientSide(clientSide, here);
  if (clientSide === false) return false;
  const unread: readonly (keyof SessionOptions)[] = isRevocable(options)
    ? ['storage', 'generateId', 'onConflict', 'limit']
    : ['storage', 'generateId', 'onConflict', 'limit', 'onOutage', 'storageTimeout'];
  for (const option of unread) {
    if (options[option] === undefined) continue;
    throw wrongType(
      at(path, option),
      'must not be given with clientSide: the session is kept by its client',
      withoutText(options[option]),
    );
  }
  if (isRevocable(options) && options.absoluteTimeout === false) {
    throw wrongType(at(here, 'revocation'), 'must have an absoluteTimeout, until which ids are kept: give one', false);
  }
  return true;
}

/** Reads a name: it is part of a cookie, or of what keys are derived for, and neither may be of any length. */
function nameAt(given: unknown, path: OptionPath): string {
  const name = textAt(given, path);
  if (name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  throw wrongType(path, `must be 1 to ${MAX_NAME_BYTES} bytes`, name);
}

function isRevocable({ clientSide }: SessionOptions): boolean {
  return typeof clientSide === 'object' && clientSide.revocation !== undefined;
}

/** @param maxAge of the cookie, in milliseconds: it is refreshed by touches, in time */
function timeoutsOf(
  { idleTimeout = '30m', absoluteTimeout = '12h', touchAfter }: SessionOptions,
  maxAge: number,
  path: OptionPath,
): Timeouts {
  const idle = durationAt(idleTimeout, at(path, 'idleTimeout'));
  const absolute = absoluteTimeout === false ? Infinity : durationAt(absoluteTimeout, at(path, 'absoluteTimeout'));
  if (touchAfter === undefined) {
    return Object.freeze({ idle, absolute, touchAfter: Math.min(idle / 10, maxAge / 10, ONE_MINUTE) });
  }
  const touch = durationAt(touchAfter, at(path, 'touchAfter'), 0);
  if (touch >= idle) throw outOfRange(at(path, 'touchAfter'), 'must be less than idleTimeout', touchAfter);
  if (touch >= maxAge) throw outOfRange(at(path, 'touchAfter'), 'must be less than cookie.maxAge', touchAfter);
  return Object.freeze({ idle, absolute, touchAfter: touch });
}

function assertSerializer(serializer: SessionSerializer, path: OptionPath): void {
  const isOne = typeof serializer?.serialize === 'function' && typeof serializer.deserialize === 'function';
  if (!isOne) throw wrongType(path, 'must have serialize() and deserialize()', serializer);
}
