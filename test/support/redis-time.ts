import type {
  ByteStream,
  Clock,
  PrincipalIndex,
  ReadOptions,
  SessionStorage,
  StoredEntry,
  WriteOptions,
} from 'nest-sessions';
import { ForwardingStorage } from 'nest-sessions/testing';
import { RedisStorage } from 'nest-sessions/redis';
import type { Command, RedisCommands } from '../../src/redis/redis-commands.js';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { RedisPrincipalIndex } from '../../src/redis/redis-principal-index.js';
import { commandsOf } from '../../src/redis/redis-storage-client.js';
import { redisStorageSettings } from '../../src/redis/redis-storage-options.js';
import { newPrefix, redisOf, type OpenRedis, type RedisDriver } from './redis.js';

/** How many milliseconds of the server's one of the test's is, so that what a test itself takes is none of them. */
const STRETCH = 10_000;

/** Lets some milliseconds pass for all keys that begin with a prefix. */
const PASS = `
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local left = redis.call('PTTL', key) - ARGV[2]
  if left > 0 then redis.call('PEXPIRE', key, string.format('%.0f', left)) else redis.call('DEL', key) end
end`;

/**
 * The time of what a server keeps under a prefix, as the clock of a test tells it.
 *
 * A server's clock cannot be moved. But how long its keys live can: so the storage asks for ten thousand times as long, and
 * whenever the clock has moved, each key has that much less left.
 */
class RedisTime implements Clock {
  readonly #clock: Clock;
  readonly #redis: Pick<OpenRedis, 'command'>;
  readonly #prefix: string;
  readonly #start: number;
  #passed: number;
  #passing: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, redis: Pick<OpenRedis, 'command'>, prefix: string) {
    this.#clock = clock;
    this.#redis = redis;
    this.#prefix = prefix;
    this.#start = clock.now();
    this.#passed = this.now();
  }

  /** The time that the storage goes by. */
  now(): number {
    return this.stretched(this.#clock.now());
  }

  after: Clock['after'] = (delay, callback) => this.#clock.after(delay, callback);

  stretched(instant: number): number {
    return this.#start + (instant - this.#start) * STRETCH;
  }

  /** Lets as much time pass at the server as has passed by the clock. */
  async pass(): Promise<void> {
    const now = this.now();
    if (now > this.#passed) {
      const milliseconds = String(now - this.#passed);
      this.#passed = now;
      this.#passing = this.#passing.then(() => this.#redis.command('EVAL', PASS, '0', this.#prefix, milliseconds));
    }
    await this.#passing;
  }
}

/** A storage over a server whose time is a test's. */
class TimedStorage extends ForwardingStorage {
  readonly #time: RedisTime;
  readonly #principals: PrincipalIndex;

  /**
   * @param delegate goes by `time`
   * @param principals goes by the test's clock
   */
  constructor(delegate: SessionStorage, time: RedisTime, principals: PrincipalIndex) {
    super(delegate);
    this.#time = time;
    this.#principals = principals;
  }

  override get principals(): PrincipalIndex {
    return this.#principals;
  }

  override async read<R>(id: string, consumer: (entry: StoredEntry) => Promise<R>, options?: ReadOptions) {
    await this.#time.pass();
    return super.read(id, consumer, options);
  }

  override async write(id: string, source: ByteStream, options: WriteOptions) {
    await this.#time.pass();
    return super.write(id, this.#passingWith(source), new StretchedOptions(options, this.#time));
  }

  override async invalidate(id: string) {
    await this.#time.pass();
    return super.invalidate(id);
  }

  /** Time may pass while the storage waits for its source. */
  #passingWith(source: ByteStream): ByteStream {
    const time = this.#time;
    if (source.bytes !== undefined) return source;
    return (async function* () {
      yield* source;
      await time.pass();
    })();
  }
}

/** What a script asks the server for the time gets it from the last argument. */
const OF_TEST = `
local server = redis
local redis = setmetatable({ call = function(name, ...)
  if name ~= 'TIME' then return server.call(name, ...) end
  local now = ARGV[#ARGV]
  return { math.floor(now / 1000), now % 1000 * 1000 }
end }, { __index = server })
`;

/** Lets the scripts of an index of principals go by the clock of a test. */
class TimedCommands implements RedisCommands {
  readonly #commands: RedisCommands;
  readonly #clock: Clock;

  constructor(commands: RedisCommands, clock: Clock) {
    this.#commands = commands;
    this.#clock = clock;
  }

  async send(key: string, [name, script = '', ...rest]: Command, signal: AbortSignal | undefined): Promise<unknown> {
    if (name === 'EVALSHA') throw new Error('NOSCRIPT: none goes by the clock of a test');
    return this.#commands.send(key, [name, OF_TEST + String(script), ...rest, String(this.#clock.now())], signal);
  }
}

/** Its signal is made when it is asked for, as before. */
class StretchedOptions implements WriteOptions {
  readonly expiresAt: number;
  readonly #given: WriteOptions;

  constructor(given: WriteOptions, time: RedisTime) {
    this.expiresAt = time.stretched(given.expiresAt);
    this.#given = given;
  }

  get expect(): NonNullable<WriteOptions['expect']> {
    return this.#given.expect as NonNullable<WriteOptions['expect']>;
  }

  get signal(): AbortSignal {
    return this.#given.signal as AbortSignal;
  }
}

/** Keys of one test, whose time is that of its clock; each connection is a storage object of its own, all by one client. */
export function timedRedis(driver: RedisDriver, clock: Clock): { connect(): SessionStorage } {
  const redis = redisOf(driver);
  const [prefix, indexPrefix] = [newPrefix(), newPrefix()];
  const time = new RedisTime(clock, redis, prefix);
  const connection = new RedisConnection(new TimedCommands(commandsOf(redis.client), clock));
  const principals = new RedisPrincipalIndex(connection, redisStorageSettings({ prefix: indexPrefix, clock }));
  return { connect: () => new TimedStorage(new RedisStorage(redis.client, { prefix, clock: time }), time, principals) };
}
