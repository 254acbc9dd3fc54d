import type { Abstract, DynamicModule, InjectionToken, Provider, Type } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../common/duration.js';
import type { SessionSerializer } from '../record/session-serializer.js';
import type { SessionStorage } from '../storage/session-storage.js';
import type { KeyRing, SessionKey } from '../transformer/key-ring.js';
import type { SessionTransformer } from '../transformer/session-transformer.js';
import type { CookieOptions } from '../transport/cookie-rules.js';
import type { HeaderOptions } from '../transport/header-rules.js';

type Inject = readonly (InjectionToken | { readonly token: InjectionToken; readonly optional: boolean })[];

/** A storage built by a function; its arguments are what `inject` names. */
export interface StorageFactory {
  readonly useFactory: (...args: never[]) => SessionStorage | Promise<SessionStorage>;
  readonly inject?: Inject;
}

/** A storage as a Nest provider, without its `provide`. */
export type StorageProvider =
  | { readonly useClass: Type<SessionStorage> }
  | { readonly useExisting: Type<SessionStorage> | Abstract<SessionStorage> | string | symbol }
  | { readonly useValue: SessionStorage }
  | StorageFactory;

/** A session's storage: an instance, an injectable class, or a Nest provider without its `provide`. */
export type StorageOption = SessionStorage | Type<SessionStorage> | StorageProvider;

/** What the server keeps of sessions by value. */
export interface ClientSideOptions<Storage> {
  /**
   * Where the ids of sessions are kept that end before their time, so that logout and `regenerate()` stick; asked with each
   * request that uses the session. Default: nowhere, and who has kept an old value may use it until its deadlines.
   */
  readonly revocation?: Storage;
}

/** How many sessions a principal may have. */
export interface LimitOptions {
  /** The most that live at once, 1 at least. */
  readonly perPrincipal: number;
  /**
   * What happens when one more becomes theirs: `'evictOldest'` (default) ends the one that has been theirs for the longest
   * time; `'reject'` refuses the new one with `SessionLimitError` (409).
   */
  readonly onExceeded?: 'evictOldest' | 'reject';
}

/** The options of one session that may come from a factory. */
export interface SessionSettings {
  /** Where records are kept; default: a `SessionStorageMemory` of its own. */
  readonly storage?: SessionStorage;
  /** By value: the session itself travels, sealed, and no storage is used; default `false`: by id. */
  readonly clientSide?: boolean | ClientSideOptions<SessionStorage>;
  /** The cookie's attributes; default: for this host, until the browser is closed. */
  readonly cookie?: CookieOptions;
  /**
   * The header in which the session travels, such as `'x-session'`, or `{ name: 'authorization', scheme: 'Bearer' }`; default:
   * none, in a cookie. With `cookie` too, a client is answered the way it came.
   */
  readonly header?: string | HeaderOptions;
  /** How the data becomes bytes; default: `JsonSerializer`. */
  readonly serializer?: SessionSerializer;
  /**
   * What the data must look like, in any library that speaks Standard Schema (zod, valibot, arktype); it must be synchronous.
   * Handlers get its output; stored data that does not fit is no session; a change that does not fit is refused. Default: any.
   */
  readonly schema?: StandardSchemaV1;
  /**
   * Makes data that fits `schema` of stored data that does not. Must be pure and synchronous: nothing is written until a handler
   * changes something. Where it throws or returns `undefined`, the stored data is no session. Default: none is kept.
   */
  readonly migrate?: (data: unknown) => unknown;
  /**
   * Keys of at least 32 bytes: the first writes, all read. By id they sign the token, so that a forged one is refused without
   * asking the storage, default: unsigned; by value they encrypt the session.
   */
  readonly keys?: readonly SessionKey[] | KeyRing;
  /** What makes safe what travels, in the order of sealing, in place of `keys`: `[encrypt(keys)]`, `[sign(keys)]`, your own. */
  readonly transformers?: readonly SessionTransformer[];
  /** How long a session lives without use; default `'30m'`. */
  readonly idleTimeout?: Duration;
  /** How long it lives after its creation or its last `regenerate()`, whatever the use; `false`: as long as it is used; default `'12h'`. */
  readonly absoluteTimeout?: Duration | false;
  /** How old the idle deadline gets before a use moves it; default: a tenth of the idle timeout, at most `'1m'`. */
  readonly touchAfter?: Duration;
  /** How long the storage may take to answer before the client gets 503; default `'5s'`. */
  readonly storageTimeout?: Duration;
  /**
   * What becomes of changes in `data` when another request has changed the data since this one loaded it: `'merge'` (default)
   * puts those of different keys together, and of one key the later stays; `'reject'` stores nothing and answers 409, until
   * the handler has called `reload()`; after a `regenerate()` that was refused, for good. `update()` and `take()` work on fresh
   * data either way.
   */
  readonly onConflict?: 'merge' | 'reject';
  /**
   * What a request gets whose session cannot be read, since the storage fails: 503 (`'fail'`, default); or a session that is
   * empty and refuses every change with 503 (`'readonly'`), for pages that are of use without. The client keeps what it has.
   */
  readonly onOutage?: 'fail' | 'readonly';
  /**
   * How many sessions may have the same `principal`, exactly, over all nodes; default: any number. For storages that keep an
   * index of principals.
   */
  readonly limit?: LimitOptions;
  /**
   * Names the ids of new sessions, the public half of the token; default: 16 random bytes. Called once for a new session, with
   * the platform's request; must return 1 to 255 characters of `[A-Za-z0-9_-]`. If that id exists, one random id is tried.
   */
  readonly generateId?: (request: unknown) => string;
}

/** What of a session must stand outside of a factory, since Nest needs it to build providers. */
export interface SessionDeclaration {
  /** The session's class, whose defaults new sessions start with; default: plain objects. */
  readonly type?: Type<object>;
  /** The session's name, and its cookie's; default `'sid'`. */
  readonly name?: string;
  /** Where records are kept; default: a `SessionStorageMemory` of its own. Two sessions of one call with one class share one instance. */
  readonly storage?: StorageOption;
  /** By value: the session itself travels, sealed, and no storage is used; default `false`: by id. */
  readonly clientSide?: boolean | ClientSideOptions<StorageOption>;
}

/** The options of one session. */
export type SessionOptions = SessionDeclaration & Omit<SessionSettings, keyof SessionDeclaration>;

/** The options of the module itself. */
export interface SessionsModuleSettings {
  /** Whether `SessionsService` and storages are visible in all modules; default `true`. */
  readonly isGlobal?: boolean;
  /**
   * Which handlers the interceptor is put on: all (default), or only those that declare a session, for apps that have no
   * other global interceptor and mind its price. Either way everything is stored before the first byte; with `'declared'`,
   * a failure in other handlers is answered by the response's gate and not by the app's exception filters.
   */
  readonly interceptor?: 'global' | 'declared';
  /** Modules whose exports the storages inject. */
  readonly imports?: NonNullable<DynamicModule['imports']>;
  /** Providers that the storages inject. */
  readonly providers?: readonly Provider[];
}

/** Several sessions; their options stand within. */
type SeveralSessions = { readonly sessions: readonly SessionOptions[] } & {
  readonly [Key in keyof SessionOptions]?: never;
};

/** What `SessionsModule.forRoot()` takes: one session's options, or several in an array. */
export type SessionsOptions = SessionsModuleSettings & (SessionOptions | SeveralSessions);

/** What `SessionsModule.forFeature()` takes: one session's options, or several in an array. */
export type SessionsFeatureOptions = Pick<SessionsModuleSettings, 'imports' | 'providers'> &
  (SessionOptions | SeveralSessions);

/** What a factory returns: the settings of declared sessions, by name. */
export type SessionsSettings = Readonly<Record<string, SessionSettings>>;

/** Makes the settings of sessions when the app starts. */
export interface SessionsOptionsFactory {
  /** Called once, when the app starts; names that are not declared, and wrong settings, stop it. */
  createSessionsOptions(): SessionsSettings | Promise<SessionsSettings>;
}

/** What `SessionsModule.forRootAsync()` takes. */
export type SessionsAsyncOptions = SessionsModuleSettings & {
  /** The declared sessions; default: one, named `'sid'`. */
  readonly sessions?: readonly SessionDeclaration[];
} & (
    | {
        readonly useFactory: (...args: never[]) => SessionsSettings | Promise<SessionsSettings>;
        readonly inject?: Inject;
      }
    | { readonly useClass: Type<SessionsOptionsFactory> }
    | { readonly useExisting: InjectionToken<SessionsOptionsFactory> }
  );
