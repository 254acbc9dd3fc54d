import { Inject, Injectable } from '@nestjs/common';
import {
  encrypt,
  InjectStorage,
  getStorageToken,
  KeyRing,
  type LimitOptions,
  SessionsModule,
  SessionStorage,
  SessionStorageMemory,
  sign,
  type ByteStream,
  type SessionsOptionsFactory,
  type SessionsSettings,
  type StorageOption,
} from 'nest-sessions';

class Cart {
  items: string[] = [];
}

class User {
  userId?: string;
}

class Redis {
  readonly url = '';
}

@Injectable()
class OwnStorage extends SessionStorage {
  override readonly conditionalWrites = false;
  constructor(@Inject(Redis) readonly redis: Redis) {
    super();
  }
  override read(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  override write(_id: string, _source: ByteStream): Promise<{ written: true }> {
    return Promise.resolve({ written: true });
  }
  override invalidate(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

// forRoot: nothing, one session, several
SessionsModule.forRoot();
SessionsModule.forRoot({});
SessionsModule.forRoot({ type: Cart, name: 'cart', idleTimeout: '30m', absoluteTimeout: 1000, touchAfter: '1 minute' });
SessionsModule.forRoot({ storage: new SessionStorageMemory(), isGlobal: false, interceptor: 'declared' });
SessionsModule.forRoot({ keys: ['text', new Uint8Array(32)], generateId: (request: unknown) => String(request) });
SessionsModule.forRoot({
  cookie: { path: '/', domain: 'a.example', maxAge: '30d', secure: 'auto', sameSite: 'strict', priority: 'high' },
});
SessionsModule.forRoot({
  imports: [class Imported {}],
  providers: [Redis],
  sessions: [
    { type: User, name: 'user', cookie: { sameSite: 'lax' }, keys: ['k'] },
    { type: Cart, name: 'cart', storage: OwnStorage },
  ],
});

// How a session travels, and where it lives
const ring = new KeyRing(async () => ['k'.repeat(32)]);
SessionsModule.forRoot({ header: 'x-session' });
SessionsModule.forRoot({ header: { name: 'authorization', scheme: 'Bearer' }, cookie: {} });
SessionsModule.forRoot({ clientSide: true, keys: ring, absoluteTimeout: false });
SessionsModule.forRoot({ clientSide: true, transformers: [sign(ring), encrypt(['k'.repeat(32)])] });
SessionsModule.forRoot({ clientSide: { revocation: OwnStorage }, keys: ring });
SessionsModule.forRoot({ clientSide: { revocation: { useFactory: () => new SessionStorageMemory() } }, keys: ring });
SessionsModule.forRootAsync({
  sessions: [{ name: 'a', clientSide: { revocation: OwnStorage } }],
  useFactory: () => ({ a: { keys: ring } }),
});
SessionsModule.forRootAsync({
  useFactory: () => ({ sid: { keys: ring, clientSide: { revocation: new SessionStorageMemory() } } }),
});

// How many sessions somebody may have
const limit: LimitOptions = { perPrincipal: 3, onExceeded: 'reject' };
SessionsModule.forRoot({ limit });
SessionsModule.forRoot({ sessions: [{ name: 'a', limit: { perPrincipal: 1 } }] });
SessionsModule.forRootAsync({ useFactory: () => ({ sid: { limit: { perPrincipal: 1, onExceeded: 'evictOldest' } } }) });
// @ts-expect-error of how many
SessionsModule.forRoot({ limit: { onExceeded: 'reject' } });
// @ts-expect-error not a number alone
SessionsModule.forRoot({ limit: 3 });
// @ts-expect-error not a way
SessionsModule.forRoot({ limit: { perPrincipal: 3, onExceeded: 'evict' } });
// @ts-expect-error not an option
SessionsModule.forRoot({ limit: { perUser: 3 } });

// @ts-expect-error a name
SessionsModule.forRoot({ header: { scheme: 'Bearer' } });
// @ts-expect-error not an option
SessionsModule.forRoot({ clientSide: { revoke: new SessionStorageMemory() }, keys: ring });
// @ts-expect-error a timeout or none
SessionsModule.forRoot({ absoluteTimeout: true });
// @ts-expect-error a list
SessionsModule.forRoot({ transformers: encrypt(ring) });
// @ts-expect-error Nest has to know of a class before the factory runs
SessionsModule.forRootAsync({ useFactory: () => ({ sid: { clientSide: { revocation: OwnStorage }, keys: ring } }) });
// @ts-expect-error not an option
SessionsModule.forRoot({ nmae: 'cart' });
// @ts-expect-error not a duration
SessionsModule.forRoot({ idleTimeout: 'soon' });
// @ts-expect-error not a unit
SessionsModule.forRoot({ idleTimeout: '30 parsecs' });
// @ts-expect-error not a class
SessionsModule.forRoot({ type: 'Cart' });
// @ts-expect-error a list
SessionsModule.forRoot({ keys: 'k' });
// @ts-expect-error in lower case
SessionsModule.forRoot({ cookie: { sameSite: 'Lax' } });
// @ts-expect-error not an attribute
SessionsModule.forRoot({ cookie: { maxage: 5 } });
// @ts-expect-error not a mode
SessionsModule.forRoot({ interceptor: 'none' });
// @ts-expect-error an id is a text
SessionsModule.forRoot({ generateId: () => 5 });
// @ts-expect-error not an option
SessionsModule.forRoot({ sessions: [{ nmae: 'cart' }] });
// @ts-expect-error a list
SessionsModule.forRoot({ sessions: { name: 'cart' } });
// @ts-expect-error no serializer
SessionsModule.forRoot({ serializer: JSON });

// storages: an instance, a class, a provider without its `provide`
const storages: StorageOption[] = [
  new SessionStorageMemory({ maxEntries: 5 }),
  SessionStorageMemory,
  OwnStorage,
  { useClass: OwnStorage },
  { useValue: new SessionStorageMemory() },
  { useExisting: OwnStorage },
  { useExisting: 'A_TOKEN' },
  { useExisting: Symbol('A_TOKEN') },
  { useExisting: SessionStorage },
  { useFactory: () => new SessionStorageMemory() },
  { useFactory: async () => new SessionStorageMemory() },
  { useFactory: (redis: Redis) => new OwnStorage(redis), inject: [Redis] },
  {
    useFactory: (redis: Redis | undefined, _url: string) => new OwnStorage(redis ?? new Redis()),
    inject: [{ token: Redis, optional: true }, 'URL'],
  },
];
SessionsModule.forRoot({ sessions: storages.map((storage, index) => ({ name: `s${index}`, storage })) });

export const wrong: StorageOption[] = [
  // @ts-expect-error not a storage
  new Map(),
  // @ts-expect-error not a storage
  Cart,
  // @ts-expect-error not a storage
  { useClass: Cart },
  // @ts-expect-error not a storage
  { useValue: {} },
  // @ts-expect-error does not make a storage
  { useFactory: () => new Cart() },
  // @ts-expect-error not a form of provider
  { provide: 'x' },
  // @ts-expect-error not a storage
  'memory',
];

// forFeature: one session or several, and what their storages inject
SessionsModule.forFeature({ type: Cart, name: 'cart', storage: OwnStorage, providers: [Redis], idleTimeout: '1h' });
SessionsModule.forFeature({ imports: [class Imported {}], sessions: [{ type: Cart, name: 'cart' }, { name: 'b' }] });
// @ts-expect-error an option of the root
SessionsModule.forFeature({ name: 'cart', isGlobal: false });
// @ts-expect-error an option of the root
SessionsModule.forFeature({ name: 'cart', interceptor: 'declared' });
// @ts-expect-error not an option
SessionsModule.forFeature({ nmae: 'cart' });
// @ts-expect-error options of a session stand within `sessions`
SessionsModule.forFeature({ sessions: [{ name: 'cart' }], idleTimeout: '1h' });

// forRootAsync: a factory with injected, typed arguments
SessionsModule.forRootAsync({ useFactory: () => ({ sid: { idleTimeout: '1h' } }) });
SessionsModule.forRootAsync({
  imports: [class ConfigModule {}],
  inject: [Redis, 'SECRET'],
  sessions: [
    { name: 'cart', type: Cart },
    { name: 'user', type: User, storage: OwnStorage },
  ],
  useFactory: async (redis: Redis, secret: string) => ({
    cart: { storage: new OwnStorage(redis), keys: [secret] },
    user: { cookie: { maxAge: '7d' } },
  }),
});

@Injectable()
class Factory implements SessionsOptionsFactory {
  createSessionsOptions(): SessionsSettings {
    return { sid: { storageTimeout: '2s' } };
  }
}
SessionsModule.forRootAsync({ useClass: Factory });
SessionsModule.forRootAsync({ useExisting: Factory, isGlobal: false });

// @ts-expect-error some factory is needed
SessionsModule.forRootAsync({});
// @ts-expect-error a class of another kind
SessionsModule.forRootAsync({ useClass: Cart });
// @ts-expect-error settings of a session are an object
SessionsModule.forRootAsync({ useFactory: () => ({ sid: 5 }) });
// @ts-expect-error not a duration
SessionsModule.forRootAsync({ useFactory: () => ({ sid: { idleTimeout: 'soon' } }) });
// @ts-expect-error a storage that injection builds is declared outside of the factory
SessionsModule.forRootAsync({ useFactory: () => ({ sid: { storage: OwnStorage } }) });
// @ts-expect-error timeouts come from the factory
SessionsModule.forRootAsync({ sessions: [{ name: 'cart', idleTimeout: '1h' }], useFactory: () => ({}) });

// tokens
const token: string = getStorageToken('cart');
export class Service {
  constructor(
    @InjectStorage('cart') readonly cart: SessionStorage,
    @InjectStorage() readonly only: SessionStorage,
  ) {
    getStorageToken(token);
  }
}
