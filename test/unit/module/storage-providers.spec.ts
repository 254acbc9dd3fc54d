import { Injectable, type FactoryProvider } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import type { SessionDeclaration } from '../../../src/module/sessions-options.js';
import {
  assertStorage,
  declaresStorage,
  settledStorageProvider,
  storageProviders,
} from '../../../src/module/storage-providers.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK, SESSIONS_SETTINGS } from '../../../src/module/tokens.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

@Injectable()
class Own extends SessionStorageMemory {}

const CURE =
  'must be a SessionStorage, an injectable class of one, or a provider with useClass, useFactory, useExisting or useValue';
const provide = getStorageToken('cart');
const provided = (options: object) => storageProviders('cart', options, 'sessions[0]');
const of = (storage: unknown) => provided({ storage });

describe('storageProviders()', () => {
  it('gives a memory of its own by default, with the clock of the app', async () => {
    const [provider] = of(undefined) as [FactoryProvider];
    expect(provider).toMatchObject({ provide, inject: [SESSIONS_CLOCK] });
    const clock = new ManualClock();
    const storage = provider.useFactory(clock) as SessionStorageMemory;
    expect(storage).toBeInstanceOf(SessionStorageMemory);
    expect(provider.useFactory(clock)).not.toBe(storage);
    await storage.write('a', streamOf(Buffer.alloc(1)), { expiresAt: clock.now() + 10 });
    clock.advance(10);
    expect(await storage.invalidate('a')).toBe(false);
  });

  it('takes an instance', () => {
    const storage = new SessionStorageMemory();
    expect(of(storage)).toEqual([{ provide, useValue: storage }]);
  });

  it('takes what has the methods of a storage, of another copy of this package', () => {
    const method = () => Promise.resolve();
    const foreign = { read: method, write: method, invalidate: method, sweep: method, close: method };
    expect(of(foreign)).toEqual([{ provide, useValue: foreign }]);
  });

  it('registers a class as itself too, so that overrideProvider() of the class works', () => {
    expect(of(Own)).toEqual([Own, { provide, useExisting: Own }]);
    expect(of({ useClass: Own })).toEqual([Own, { provide, useExisting: Own }]);
  });

  it('takes the other forms of a provider', () => {
    const storage = new SessionStorageMemory();
    const useFactory = () => storage;
    expect(of({ useExisting: Own })).toEqual([{ provide, useExisting: Own }]);
    expect(of({ useValue: storage })).toEqual([{ provide, useValue: storage }]);
    expect(of({ useFactory })).toEqual([{ provide, useFactory, inject: [] }]);
    expect(of({ useFactory, inject: [Own, 'URL'] })).toEqual([{ provide, useFactory, inject: [Own, 'URL'] }]);
  });

  it.each([true, {}, { revocation: undefined }])('gives nothing for a session by value: %o', (clientSide) => {
    expect(provided({ clientSide })).toEqual([{ provide, useValue: undefined }]);
  });

  it('gives the storage of revocations of a session by value, in every form', () => {
    const storage = new SessionStorageMemory();
    const useFactory = () => storage;
    const by = (revocation: unknown) => provided({ clientSide: { revocation } });
    expect(by(storage)).toEqual([{ provide, useValue: storage }]);
    expect(by(Own)).toEqual([Own, { provide, useExisting: Own }]);
    expect(by({ useExisting: Own })).toEqual([{ provide, useExisting: Own }]);
    expect(by({ useFactory, inject: ['URL'] })).toEqual([{ provide, useFactory, inject: ['URL'] }]);
  });

  it('gives the storage of a session that says it is not by value', () => {
    expect(provided({ clientSide: false, storage: Own })).toEqual([Own, { provide, useExisting: Own }]);
    expect(provided({ clientSide: false })).toMatchObject([{ inject: [SESSIONS_CLOCK] }]);
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [5, '5'],
    ['redis://:password@host', '"string"'],
    [{}, 'an object'],
    [[], 'an array'],
    [new Map(), 'an object'],
  ])('A20: refuses %j at start', (option, shown) => {
    const refusedAt = (path: string) =>
      new TypeError(`Cannot start SessionsModule: ${path} ${CURE}: received ${shown}`);
    expect(() => of(option)).toThrow(refusedAt('sessions[0].storage'));
    expect(() => provided({ clientSide: { revocation: option } })).toThrow(
      refusedAt('sessions[0].clientSide.revocation'),
    );
  });
});

describe('assertStorage()', () => {
  it('takes what has the methods of a storage', () => {
    expect(() => assertStorage('cart', new SessionStorageMemory())).not.toThrow();
  });

  it.each([undefined, null, {}, Own, new Map()])(
    'A20: refuses %o that injection built, naming the session',
    (storage) => {
      expect(() => assertStorage('cart', storage)).toThrow(
        /^Cannot start SessionsModule: the storage of session "cart" must be a SessionStorage/,
      );
    },
  );
});

describe('declaresStorage()', () => {
  it.each<[declared: SessionDeclaration, declares: boolean]>([
    [{}, false],
    [{ storage: Own }, true],
    [{ storage: new SessionStorageMemory() }, true],
    [{ clientSide: false }, false],
    [{ clientSide: true }, false],
    [{ clientSide: {} }, false],
    [{ clientSide: { revocation: Own } }, true],
    [{ clientSide: false, storage: { useClass: Own } }, true],
  ])('of %o is %s', (declared, declares) => {
    expect(declaresStorage(declared)).toBe(declares);
  });
});

describe('settledStorageProvider()', () => {
  const providerFor = (declared: object) => settledStorageProvider('cart', declared) as FactoryProvider;
  const provider = providerFor({});
  const build = (settings: unknown, declared: object = {}): unknown =>
    providerFor(declared).useFactory(settings, new ManualClock());

  it('gives the storage that the factory returned, or a memory', () => {
    const storage = new SessionStorageMemory();
    expect(provider).toMatchObject({ provide, inject: [SESSIONS_SETTINGS, SESSIONS_CLOCK, SESSION_DEFINITIONS] });
    expect(build({ cart: { storage } })).toBe(storage);
    for (const settings of [{}, { cart: {} }, { other: { clientSide: true } }]) {
      expect(build(settings)).toBeInstanceOf(SessionStorageMemory);
    }
    expect(build({ cart: { clientSide: false } }, {})).toBeInstanceOf(SessionStorageMemory);
  });

  it('gives the storage of revocations that the factory returned, or nothing, for a session by value', () => {
    const revocation = new SessionStorageMemory();
    expect(build({ cart: { clientSide: { revocation } } })).toBe(revocation);
    for (const clientSide of [true, {}]) {
      expect(build({ cart: { clientSide } })).toBeUndefined();
      for (const settings of [{}, { cart: {} }]) expect(build(settings, { clientSide })).toBeUndefined();
    }
  });

  it.each([null, 5, Own, { useClass: Own }])('A20: refuses %o at start: it is no instance', (storage) => {
    expect(() => build({ cart: { storage } })).toThrow(
      /^Cannot start SessionsModule: cart\.storage must be a SessionStorage/,
    );
    expect(() => build({ cart: { clientSide: { revocation: storage } } })).toThrow(
      /^Cannot start SessionsModule: cart\.clientSide\.revocation must be a SessionStorage/,
    );
  });
});
