export { collect, streamOf, type ByteStream } from './common/byte-stream.js';
export type { Clock, Timer } from './common/clock.js';
export type { Duration } from './common/duration.js';
export {
  SessionCommittedError,
  SessionConflictError,
  SessionDecodeError,
  SessionEndedError,
  SessionError,
  SessionLimitError,
  SessionNotRegisteredError,
  SessionNotSerializableError,
  SessionStorageError,
  SessionTooLargeError,
  type SessionErrorCode,
  type SessionErrorOptions,
} from './errors.js';
export { Session, type TypedParameterDecorator } from './module/session.decorator.js';
export type { SessionRequest } from './module/platform.js';
export { SessionsModule } from './module/sessions.module.js';
export type {
  ClientSideOptions,
  LimitOptions,
  SessionDeclaration,
  SessionOptions,
  SessionSettings,
  SessionsAsyncOptions,
  SessionsFeatureOptions,
  SessionsModuleSettings,
  SessionsOptions,
  SessionsOptionsFactory,
  SessionsSettings,
  StorageFactory,
  StorageOption,
  StorageProvider,
} from './module/sessions-options.js';
export { SessionsService, type OfPrincipal } from './module/sessions.service.js';
export { getStorageToken, InjectStorage, SESSIONS_CLOCK } from './module/tokens.js';
export { JsonSerializer } from './record/json-serializer.js';
export type { SerializerLimits } from './record/serializer-limits.js';
export type { SessionSerializer } from './record/session-serializer.js';
export type { PrincipalSession, RegenerateOptions, SessionFacts } from './session/session.js';
export {
  CACHE_STORAGE_DELEGATE,
  CACHE_STORAGE_OPTIONS,
  type CacheStorageOptions,
} from './storage/cache/cache-storage-options.js';
export { CacheStorage } from './storage/cache/cache-storage.js';
export { InProcessInvalidationBus } from './storage/cache/in-process-invalidation-bus.js';
export type { InvalidationBus, InvalidationListener, SubscribeOptions } from './storage/cache/invalidation-bus.js';
export type {
  DirectoryStorageOptions,
  InjectedDirectoryStorageOptions,
} from './storage/directory/directory-storage-options.js';
export { DIRECTORY_STORAGE_OPTIONS, DirectoryStorage } from './storage/directory/directory-storage.js';
export {
  EPOCH_MEMORY,
  type AddOptions,
  type AddResult,
  type PrincipalEntry,
  type PrincipalIndex,
} from './storage/principals/principal-index.js';
export {
  SESSION_STORAGE_MEMORY_OPTIONS,
  SessionStorageMemory,
  type SessionStorageMemoryOptions,
} from './storage/session-storage-memory.js';
export {
  SessionStorage,
  type ReadOptions,
  type StoredEntry,
  type SweepOptions,
  type WriteOptions,
  type WriteResult,
} from './storage/session-storage.js';
export { SimplifiedSessionStorage } from './storage/simplified-session-storage.js';
export type { FoundSession } from './tracker/session-tracker.js';
export type { RefusalReason, SessionEvent } from './tracker/session-event.js';
export { encrypt } from './transformer/encrypt.js';
export { KeyRing, type DerivedKey, type KeySource, type SessionKey } from './transformer/key-ring.js';
export type { Opened, SessionTransformer } from './transformer/session-transformer.js';
export { sign } from './transformer/sign.js';
export type { CookieOptions } from './transport/cookie-rules.js';
export type { HeaderOptions } from './transport/header-rules.js';
