import { Logger, type Type } from '@nestjs/common';
import type { Clock } from '../common/clock.js';
import type { RegisteredSession } from '../http/registered-session.js';
import { DataShape } from '../session/data-shape.js';
import type { SessionStorage } from '../storage/session-storage.js';
import { IdTracker } from '../tracker/id-tracker.js';
import type { SessionObserver } from '../tracker/session-event.js';
import type { SessionTracker } from '../tracker/session-tracker.js';
import { ValueTracker } from '../tracker/value-tracker.js';
import { TransformerChain } from '../transformer/transformer-chain.js';
import { CookieTransport } from '../transport/cookie-transport.js';
import type { HeaderAttributes } from '../transport/header-rules.js';
import { HeaderTransport } from '../transport/header-transport.js';
import type { SessionTransport } from '../transport/session-transport.js';
import { TransportChain } from '../transport/transport-chain.js';
import type { SessionDefinition } from './session-definition.js';

/** A session of this app. */
export interface AppSession extends RegisteredSession {
  readonly type: Type<object> | undefined;
  readonly tracker: SessionTracker<object>;
  /** The header in which it travels; `undefined` when in a cookie alone. */
  readonly header: HeaderAttributes | undefined;
  /** Where its records are, or its revocation; `undefined` for a session by value without one. */
  readonly storage: SessionStorage | undefined;
}

/** Builds a session of its definition and of the storage that injection built. */
export function appSession(
  definition: SessionDefinition,
  storage: SessionStorage | undefined,
  clock: Clock,
  observe: SessionObserver,
): AppSession {
  const { name, type } = definition;
  const transport = transportFor(definition, clock);
  const tracker = trackerFor(definition, storage, transport, { clock, observe });
  return { name, type, storage, transport, tracker, header: definition.transport.header };
}

function trackerFor(
  definition: SessionDefinition,
  storage: SessionStorage | undefined,
  { maxLength, refreshes }: SessionTransport,
  app: { readonly clock: Clock; readonly observe: SessionObserver },
): SessionTracker<object> {
  const { name, type, isClientSide, serializer, schema, transformers, timeouts, storageTimeout } = definition;
  const { onConflict, onOutage, generateId, limit } = definition;
  const shape = new DataShape(serializer, type, schema);
  const shared = { ...app, name, shape, timeouts, storageTimeout, onOutage, refreshes };
  if (isClientSide) {
    const chain = new TransformerChain(transformers, `value ${name}`);
    return new ValueTracker({ ...shared, chain, maxLength, revocation: storage });
  }
  if (storage === undefined) throw new TypeError(`Cannot start SessionsModule: session "${name}" has no storage`);
  if (limit !== undefined && storage.principals === undefined) {
    throw new TypeError(
      `Cannot start SessionsModule: limit of session "${name}" needs a storage that keeps an index of principals: use one, or leave limit out`,
    );
  }
  const chain = transformers.length === 0 ? undefined : new TransformerChain(transformers, `token ${name}`);
  return new IdTracker({ ...shared, chain, storage, onConflict, generateId, limit });
}

function transportFor({ name, transport: { cookie, header } }: SessionDefinition, clock: Clock): SessionTransport {
  const warn = (message: string): void => new Logger('Sessions').warn(message);
  const inHeader = header && new HeaderTransport(header);
  const inCookie = cookie && new CookieTransport(name, cookie, { clock, warn });
  if (inCookie === undefined) return inHeader as SessionTransport;
  return inHeader === undefined ? inCookie : new TransportChain([inCookie, inHeader]);
}
