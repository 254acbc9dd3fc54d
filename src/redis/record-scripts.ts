import { RedisScript } from './redis-script.js';

/*
 * The key of each of these is a record's. Its value is a version and the bytes behind it; or a shorter text, the mark of
 * whoever ended the record a moment ago, which is no record.
 *
 * Each knows what it has done itself: a driver sends a command again when it was connected anew before the answer came, and
 * nobody else can have stored the new version, or the mark, that it brings.
 */

/** How many characters of a value are its version. */
export const VERSION_LENGTH = 16;

/** How long it is remembered who has ended a record, in milliseconds: nobody waits for an answer for as long. */
const MEMORY = 60_000;

const STORED = `local stored = redis.call('GETRANGE', KEYS[1], 0, ${VERSION_LENGTH - 1})
local is_there = #stored == ${VERSION_LENGTH}`;

/**
 * Stores a value where there is none.
 *
 * Arguments: for how many milliseconds it lives; the value. Answers `written` or `exists`.
 */
export const CREATE_RECORD = new RedisScript(`
${STORED}
if is_there then return stored == string.sub(ARGV[2], 1, ${VERSION_LENGTH}) and 'written' or 'exists' end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return 'written'
`);

/**
 * Stores a value in the place of one with a certain version.
 *
 * Arguments: that version; for how many milliseconds the new value lives; the new value. Answers `written`, `missing` or
 * `conflict`.
 */
export const CHANGE_RECORD = new RedisScript(`
${STORED}
if not is_there then return 'missing' end
if stored == string.sub(ARGV[3], 1, ${VERSION_LENGTH}) then return 'written' end
if stored ~= ARGV[1] then return 'conflict' end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
return 'written'
`);

/**
 * Ends a record, and leaves its mark for a minute; without one, where a server has no room for anything new.
 *
 * Arguments: the mark; the version that is expected, or nothing for any. Answers `written`, `missing` or `conflict`.
 */
export const END_RECORD = new RedisScript(`
${STORED}
if stored == ARGV[1] then return 'written' end
if not is_there then return 'missing' end
if ARGV[2] and stored ~= ARGV[2] then return 'conflict' end
redis.call('DEL', KEYS[1])
redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ${MEMORY})
return 'written'
`);
