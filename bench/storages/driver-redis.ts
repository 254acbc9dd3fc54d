import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { RedisStorage } from 'nest-sessions/redis';
import { createClient } from 'redis';
import { assertDone } from '../measure/assert-done.js';
import { RECORD_BYTES } from './contestant.js';
import type { DriverPair, RawOperation } from './driver-pair.js';
import { storageContestant } from './storage-contestant.js';

const LIFETIME = '3600000';
const VERSION_LENGTH = 16;
/** The least that compares and sets: a version is the first 16 characters of a value. */
const COMPARE_AND_SET = `if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

type Send = (...command: [name: string, ...args: (string | Buffer)[]]) => Promise<unknown>;

/** `RedisStorage` and the commands themselves, both by one client of `redis`. */
export async function nodeRedisPair(url: string): Promise<DriverPair> {
  const client = createClient({ url });
  await client.connect();
  // As bytes, which is what records are; sendCommand() is less work than the client's own get() and set()
  const options = { typeMapping: { 36: Buffer } } as const;
  return {
    driver: 'redis 6',
    storage: storageContestant('RedisStorage', new RedisStorage(client)),
    raw: await rawRedis((...command) => client.sendCommand(command, options)),
    close: async () => client.destroy(),
  };
}

/** The same by one client of `ioredis`. */
export async function ioRedisPair(url: string): Promise<DriverPair> {
  const client = new Redis(url);
  return {
    driver: 'ioredis 6',
    storage: storageContestant('RedisStorage', new RedisStorage(client)),
    raw: await rawRedis((name, ...args) => client.callBuffer(name, ...args)),
    close: async () => client.disconnect(),
  };
}

async function rawRedis(send: Send): Promise<readonly RawOperation[]> {
  const record = randomBytes(RECORD_BYTES);
  const set = async (key: string, value: Buffer, ...condition: string[]): Promise<void> => {
    assertDone((await send('SET', key, value, 'PX', LIFETIME, ...condition)) !== null, 'SET');
  };
  return [
    {
      name: 'GET',
      operation: 'read',
      isSafe: true,
      async run(id) {
        const value = await send('GET', `raw:${id}`);
        assertDone(Buffer.isBuffer(value) && value.length === RECORD_BYTES, 'GET');
      },
    },
    { name: 'SET NX PX', operation: 'create', isSafe: true, run: (id) => set(`raw:${id}`, record, 'NX') },
    { name: 'SET PX', operation: 'replace', isSafe: false, run: (id) => set(`raw:${id}`, record) },
    { name: 'EVALSHA', operation: 'replace', isSafe: true, run: await compareAndSet(send, record) },
  ];
}

async function compareAndSet(send: Send, record: Buffer): Promise<(id: string) => Promise<void>> {
  const sha = createHash('sha1').update(COMPARE_AND_SET).digest('hex');
  await send('SCRIPT', 'LOAD', COMPARE_AND_SET);
  const versions = new Map<string, string>();
  let count = 0;
  return async (id) => {
    const seen = versions.get(id);
    const version = String(count++).padStart(VERSION_LENGTH, '0');
    const value = Buffer.concat([Buffer.from(version, 'latin1'), record]);
    const answer =
      seen === undefined
        ? await send('SET', `versions:${id}`, value, 'PX', LIFETIME)
        : await send('EVALSHA', sha, '1', `versions:${id}`, seen, value, LIFETIME);
    assertDone(seen === undefined || answer === 1, 'EVALSHA');
    versions.set(id, version);
  };
}
