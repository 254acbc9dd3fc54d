import { RedisScript } from './redis-script.js';

/*
 * Keys of each of these, all of one slot:
 *   1  the ids of a principal's records, by when they were added last, in microseconds
 *   2  the same ids, by when they expire, in milliseconds
 *   3  the principal's epoch: `at`, in microseconds; the id for which it counts as not raised, `except`; and `before`, the one
 *      that counts for that id
 *
 * The time is the server's. Expired entries leave whenever somebody looks, and the keys with the last of them.
 */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local now_ms = math.floor(now / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local function forget_expired()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now_ms))) do
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
  end
end

local function epoch_of(id)
  local epoch = redis.call('HMGET', KEYS[3], 'at', 'except', 'before')
  if not epoch[1] then return -1 end
  if epoch[2] == id then return tonumber(epoch[3]) end
  return tonumber(epoch[1])
end

local function entries_but(except, answer)
  local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do
    if all[i] ~= except then
      answer[#answer + 1] = all[i]
      answer[#answer + 1] = math.max(0, math.floor((now - all[i + 1]) / 1000))
    end
  end
  return answer
end
`;

/**
 * Adds a record under its principal.
 *
 * Arguments: the record's id; for how many milliseconds it lives; how many milliseconds ago the request has begun; the most
 * entries, 0 for any number; for how many milliseconds an epoch is remembered. Answers `added` and the time in milliseconds;
 * or `epoch`; or `full` and the entries, each as its id and its age in milliseconds.
 *
 * A request that says in whole milliseconds when it has begun has begun less than one earlier.
 */
export const ADD_ENTRY = new RedisScript(`${COMMON}
local id, lifetime, begun_ago = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local limit, memory = tonumber(ARGV[4]), tonumber(ARGV[5])
if begun_ago > memory or epoch_of(id) > now - (begun_ago + 1) * 1000 then return {'epoch'} end

forget_expired()
local others = redis.call('ZCARD', KEYS[1])
if redis.call('ZSCORE', KEYS[1], id) then others = others - 1 end
if limit > 0 and others >= limit then return entries_but(id, {'full'}) end

local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local at = now
if last[2] and at <= tonumber(last[2]) then at = last[2] + 1 end
redis.call('ZADD', KEYS[1], text(at), id)
redis.call('ZADD', KEYS[2], text(now_ms + lifetime), id)
local latest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], text(tonumber(latest[2])))
redis.call('PEXPIREAT', KEYS[2], text(tonumber(latest[2])))
return {'added', now_ms}
`);

/**
 * Tells whether an entry is there and the epoch was not raised since.
 *
 * Arguments: the record's id; since when, in milliseconds. Answers 1 or 0.
 */
export const HOLDS_ENTRY = new RedisScript(`${COMMON}
local expires = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not expires or tonumber(expires) <= now_ms or epoch_of(ARGV[1]) >= ARGV[2] * 1000 then return 0 end
return 1
`);

/** Removes an entry. Arguments: the record's id. Answers nothing. */
export const REMOVE_ENTRY = new RedisScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return false
`);

/** Tells the entries, each as its id and its age in milliseconds. */
export const LIST_ENTRIES = new RedisScript(`${COMMON}
forget_expired()
return entries_but(nil, {})
`);

/**
 * Raises the epoch to now.
 *
 * Arguments: the id of a record for which it counts as not raised, or nothing; for how many milliseconds it is remembered.
 * Answers the entries that are there but for that record, as `LIST_ENTRIES` does. What counted for that record before counts
 * on; and the epoch never goes back, be it that the server's clock does.
 */
export const RAISE_EPOCH = new RedisScript(`${COMMON}
local except, memory = ARGV[1], tonumber(ARGV[2])
local at = math.max(now, tonumber(redis.call('HGET', KEYS[3], 'at') or -1))
redis.call('HSET', KEYS[3], 'at', text(at), 'before', text(epoch_of(except)), 'except', except)
redis.call('PEXPIRE', KEYS[3], text(memory + 1000))
forget_expired()
return entries_but(except, {})
`);
