import { Injectable, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import type { SessionsAsyncOptions, SessionsOptions } from '../../../src/module/sessions-options.js';
import { SessionsModule } from '../../../src/module/sessions.module.js';
import { SessionsRegistry } from '../../../src/module/sessions-registry.js';
import { getStorageToken } from '../../../src/module/tokens.js';
import { SessionStorageMemory } from '../../../src/storage/session-storage-memory.js';
import { KeyRing, type SessionKey } from '../../../src/transformer/key-ring.js';
import { encrypt } from '../../../src/transformer/encrypt.js';

const KEY = 'k'.repeat(32);

@Injectable()
class Revocations extends SessionStorageMemory {}

async function started(module: DynamicModule): Promise<INestApplicationContext> {
  const app = await Test.createTestingModule({ imports: [module] }).compile();
  return app.init();
}

/** The storage of a session as somebody injects it, and as its session uses it. */
function storagesOf(app: INestApplicationContext, name: string): readonly unknown[] {
  return [app.get(getStorageToken(name)), app.get(SessionsRegistry).get(name).storage];
}

describe('SessionsModule with a session by value', () => {
  it.each<[how: string, module: () => DynamicModule]>([
    ['forRoot()', () => SessionsModule.forRoot({ clientSide: true, keys: [KEY] })],
    ['forRoot() with no option', () => SessionsModule.forRoot({ clientSide: {}, keys: [KEY] })],
    [
      'forRootAsync(), declared',
      () =>
        SessionsModule.forRootAsync({ sessions: [{ clientSide: true }], useFactory: () => ({ sid: { keys: [KEY] } }) }),
    ],
    [
      'forRootAsync(), returned',
      () => SessionsModule.forRootAsync({ useFactory: () => ({ sid: { clientSide: true, keys: [KEY] } }) }),
    ],
    [
      'forRootAsync(), returned later',
      () => SessionsModule.forRootAsync({ useFactory: async () => ({ sid: { clientSide: {}, keys: [KEY] } }) }),
    ],
  ])('has no storage: its token gives undefined: %s', async (_, module) => {
    const app = await started(module());
    expect(storagesOf(app, 'sid')).toEqual([undefined, undefined]);
    await app.close();
  });

  it.each<[how: string, options: SessionsOptions | SessionsAsyncOptions]>([
    ['an instance of forRoot()', { clientSide: { revocation: new Revocations() }, keys: [KEY] }],
    ['a class of forRoot()', { clientSide: { revocation: Revocations }, keys: [KEY] }],
    ['a provider of forRoot()', { clientSide: { revocation: { useFactory: () => new Revocations() } }, keys: [KEY] }],
    [
      'an instance outside of the factory',
      {
        sessions: [{ clientSide: { revocation: new Revocations() } }],
        useFactory: () => ({ sid: { keys: [KEY] } }),
      },
    ],
    [
      'a class outside of the factory',
      { sessions: [{ clientSide: { revocation: Revocations } }], useFactory: () => ({ sid: { keys: [KEY] } }) },
    ],
    [
      'a provider outside of the factory',
      {
        sessions: [{ clientSide: { revocation: { useExisting: Revocations } } }],
        providers: [Revocations],
        useFactory: () => ({ sid: { keys: [KEY] } }),
      },
    ],
    [
      'an instance that the factory returned',
      { useFactory: () => ({ sid: { clientSide: { revocation: new Revocations() }, keys: [KEY] } }) },
    ],
  ])('keeps revocations in the storage that its token gives: %s', async (_, options) => {
    const module = 'useFactory' in options ? SessionsModule.forRootAsync(options) : SessionsModule.forRoot(options);
    const app = await started(module);
    const [injected, used] = storagesOf(app, 'sid');
    expect(injected).toBeInstanceOf(Revocations);
    expect(used).toBe(injected);
    await app.close();
  });

  it('A20: does not start when the factory returns a class of revocations, naming it', async () => {
    const useFactory = () => ({ sid: { clientSide: { revocation: Revocations as never }, keys: [KEY] } });
    await expect(started(SessionsModule.forRootAsync({ useFactory }))).rejects.toThrow(
      /^Cannot start SessionsModule: sid\.clientSide\.revocation must be a SessionStorage, .*: received a function$/,
    );
  });

  it('A20: does not start when injection builds something else than a storage', async () => {
    const useFactory = () => ({}) as SessionStorageMemory;
    const options: SessionsOptions = { clientSide: { revocation: { useFactory } }, keys: [KEY] };
    await expect(started(SessionsModule.forRoot(options))).rejects.toThrow(
      /^Cannot start SessionsModule: the storage of session "sid" must be a SessionStorage, /,
    );
  });

  it.each<[what: string, useFactory: () => undefined | null]>([
    ['undefined', () => undefined],
    ['null', () => null],
  ])('A20: does not start without a revocation that it was given: injection built %s', async (_, useFactory) => {
    const revocation = { useFactory: useFactory as unknown as () => SessionStorageMemory };
    await expect(started(SessionsModule.forRoot({ clientSide: { revocation }, keys: [KEY] }))).rejects.toThrow(
      /^Cannot start SessionsModule: the storage of session "sid" must be a SessionStorage, /,
    );
  });
});

describe('SessionsModule with keys that come later', () => {
  /** A ring whose keys a test gives, when it likes. */
  function later() {
    let give: (keys: readonly SessionKey[]) => void = () => undefined;
    let asked = 0;
    const keys = new Promise<readonly SessionKey[]>((resolve) => (give = resolve));
    const ring = new KeyRing(() => (asked++, keys));
    return { ring, give: (...keys: SessionKey[]) => give(keys), asked: () => asked };
  }

  const ways: readonly (readonly [how: string, module: (ring: KeyRing) => DynamicModule])[] = [
    ['by id', (ring) => SessionsModule.forRoot({ keys: ring })],
    ['by value', (ring) => SessionsModule.forRoot({ clientSide: true, keys: ring })],
    ['in a transformer', (ring) => SessionsModule.forRoot({ clientSide: true, transformers: [encrypt(ring)] })],
    ['of a factory', (ring) => SessionsModule.forRootAsync({ useFactory: () => ({ sid: { keys: ring } }) })],
    [
      'of a feature',
      (ring) => ({
        module: class Root {},
        imports: [SessionsModule.forRoot({ sessions: [] }), SessionsModule.forFeature({ keys: ring })],
      }),
    ],
  ];

  it.each(ways)('F3: starts when they are there, and not before: %s', async (_, module) => {
    const { ring, give, asked } = later();
    let isUp = false;
    const starting = started(module(ring)).then((app) => ((isUp = true), app));
    while (asked() === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(isUp).toBe(false);
    give(KEY);
    const app = await starting;
    expect(asked()).toBe(1);
    expect(ring.derive('x')).toHaveLength(1);
    await app.close();
  });

  it.each(ways)(
    'F3: does not start when they cannot be had, names the session and tells why: %s',
    async (_, module) => {
      const cause = new Error('the vault is sealed');
      const error: unknown = await started(module(new KeyRing(() => Promise.reject(cause)))).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        message:
          'Cannot start SessionsModule: the keys or transformers of session "sid" cannot get ready: see the cause',
        cause,
      });
    },
  );

  it.each(ways)('A20: does not start with what are no keys, and shows none: %s', async (_, module) => {
    for (const keys of [[], ['THE-SECRET-KEY'], 'THE-SECRET-KEY'] as unknown as SessionKey[][]) {
      const error: unknown = await started(module(new KeyRing(() => keys))).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      const { message, cause } = error as TypeError;
      expect(message).toBe(
        'Cannot start SessionsModule: the keys or transformers of session "sid" cannot get ready: see the cause',
      );
      expect(String(cause)).toContain('Cannot use key ring: keys');
      expect(`${String(error)} ${String(cause)}`).not.toContain('THE-SECRET');
    }
  });

  it('F3: waits for the rings of all sessions', async () => {
    const [one, other] = [later(), later()];
    const module = SessionsModule.forRoot({
      sessions: [{ keys: one.ring }, { name: 'cart', clientSide: true, keys: other.ring }],
    });
    let isUp = false;
    const starting = started(module).then((app) => ((isUp = true), app));
    while (one.asked() + other.asked() < 2) await new Promise((resolve) => setImmediate(resolve));
    one.give(KEY);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(isUp).toBe(false);
    other.give(KEY);
    await (await starting).close();
  });
});
