import { Injectable, type FactoryProvider } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../../src/common/byte-stream.js';
import type { StorageOption } from '../../../src/module/sessions-options.js';
import { assertStorage, settledStorageProvider, storageProviders } from '../../../src/module/storage-providers.js';
import { getStorageToken, SESSION_DEFINITIONS, SESSIONS_CLOCK, SESSIONS_SETTINGS } from '../../../src/module/tokens.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

@Injectable()
class Own extends SessionStorageMemory {}

const PATH = 'sessions[0].storage';
const CURE =
  'must be a SessionStorage, an injectable class of one, or a provider with useClass, useFactory, useExisting or useValue';
const provide = getStorageToken('cart');
const of = (option: unknown) => storageProviders('cart', option as StorageOption | undefined, PATH);

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

  it.each<[unknown, string]>([
    [null, 'null'],
    [5, '5'],
    ['redis://:password@host', '"string"'],
    [{}, 'an object'],
    [[], 'an array'],
    [new Map(), 'an object'],
  ])('A20: refuses %j at start', (option, shown) => {
    expect(() => of(option)).toThrow(new TypeError(`Cannot start SessionsModule: ${PATH} ${CURE}: received ${shown}`));
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

describe('settledStorageProvider()', () => {
  const provider = settledStorageProvider('cart') as FactoryProvider;
  const build = (settings: unknown): unknown => provider.useFactory(settings, new ManualClock());

  it('gives the storage that the factory returned, or a memory', () => {
    const storage = new SessionStorageMemory();
    expect(provider).toMatchObject({ provide, inject: [SESSIONS_SETTINGS, SESSIONS_CLOCK, SESSION_DEFINITIONS] });
    expect(build({ cart: { storage } })).toBe(storage);
    for (const settings of [{}, { cart: {} }]) expect(build(settings)).toBeInstanceOf(SessionStorageMemory);
  });

  it.each([null, 5, Own, { useClass: Own }])('A20: refuses %o at start: it is no instance', (storage) => {
    expect(() => build({ cart: { storage } })).toThrow(
      /^Cannot start SessionsModule: cart\.storage must be a SessionStorage/,
    );
  });
});
