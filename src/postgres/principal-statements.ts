import { EPOCH_MEMORY } from '../storage/principals/principal-index.js';
import type { TableNames } from './postgres-tables.js';
import { statement, type Statement } from './statement.js';

/** How many principals one sweep looks at. */
export const PRINCIPAL_SLICE = 1000;

/** What is done to the index of principals. `$1` is the principal. */
export interface PrincipalStatements {
  /**
   * `$2`: the id; `$3`: milliseconds until the entry expires; `$4`: how many milliseconds ago the request has begun; `$5`: the
   * most entries, or null; `$6`: a mark that no other call has. One row: `added_at`, null when it was refused; `was_raised`,
   * whether that is for the epoch; `entries`, when that is because there are too many; `now`.
   */
  readonly add: Statement;
  /** `$2`: the id; `$3`: milliseconds by the database's clock. One row when the entry holds. */
  readonly holds: Statement;
  /** `$2`: the id. */
  readonly remove: Statement;
  /** One row for a principal who is known: `entries` and `now`. */
  readonly entries: Statement;
  /** `$2`: the id for which it is not raised, or null. One row: `entries` and `now`. */
  readonly raiseEpoch: Statement;
  /** A row for each principal of whom nothing was left. */
  readonly sweep: Statement;
}

/** Milliseconds since the epoch, by the database's clock as it is now. */
const NOW = millisecondsOf('clock_timestamp()');

/** An epoch is over a little later than `EPOCH_MEMORY` says: it refuses what began in the very instant in which it was raised. */
const EPOCH_ENDS = EPOCH_MEMORY + 1;

/**
 * Writes down the statements.
 *
 * All that is known of a principal is one row, whose `entries` are `[[id, added at, expires at, mark], ...]` in the order in which
 * they were added last. So two who change it wait for each other; and what the second one then writes is made of the row as the
 * first has left it, and by the clock as it is then. A row for each entry would not do: a statement does not see what others have
 * added since it began, so that two might both take the last place.
 *
 * When a request began is reckoned from the instant in which its statement has arrived, which is before any waiting.
 */
export function principalStatements({ principals }: TableNames): PrincipalStatements {
  const begun = `(${millisecondsOf('statement_timestamp()')} - $4::float8)`;
  const raisedAt = 'CASE WHEN kept.epoch_except = $2 THEN kept.epoch_except_at ELSE kept.epoch_at END';
  const wasRaised = `coalesce(${raisedAt} >= ${begun}, false)`;
  const entry = `jsonb_build_array(jsonb_build_array($2::text, ${NOW}, ${NOW} + $3::float8, $6::text))`;
  const others = `(SELECT ${listOf('entry', 'place')} FROM ${entriesOf('kept')} WHERE entry ->> 0 <> $2 AND ${isLiving})`;
  const isFull = `coalesce(jsonb_array_length(${others}) >= $5::integer, false)`;
  const isRefused = `${wasRaised} OR ${isFull}`;
  const isAdded = `coalesce(kept.entries -> -1 ->> 3 = $6, false)`;
  const expiry = `clock_timestamp() + $3::float8 * interval '1 millisecond'`;
  return {
    add: statement(`INSERT INTO ${principals} AS kept (principal, entries, expires_at)
VALUES ($1, ${entry}, ${expiry})
ON CONFLICT (principal) DO UPDATE SET
  entries = CASE WHEN ${isRefused} THEN kept.entries ELSE ${others} || ${entry} END,
  expires_at = CASE WHEN ${isRefused} THEN kept.expires_at ELSE greatest(kept.expires_at, excluded.expires_at) END
RETURNING
  CASE WHEN ${isAdded} THEN kept.entries -> -1 ->> 1 END AS added_at,
  (${wasRaised})::text AS was_raised,
  CASE WHEN NOT ${isAdded} THEN ${others}::text END AS entries,
  (${NOW})::text AS now`),
    holds: statement(`SELECT principal FROM ${principals} AS kept
WHERE principal = $1 AND NOT coalesce(${raisedAt} >= $3::float8, false)
  AND EXISTS (SELECT FROM ${entriesOf('kept')} WHERE entry ->> 0 = $2 AND ${isLiving})`),
    remove: statement(`UPDATE ${principals} AS kept SET
  entries = (SELECT ${listOf('entry', 'place')} FROM ${entriesOf('kept')} WHERE entry ->> 0 <> $2 AND ${isLiving}),
  expires_at = greatest(
    to_timestamp((kept.epoch_at + ${EPOCH_ENDS}) / 1000),
    (SELECT max(to_timestamp((entry ->> 2)::float8 / 1000)) FROM ${entriesOf('kept')} WHERE entry ->> 0 <> $2),
    clock_timestamp()
  )
WHERE principal = $1`),
    entries: statement(
      `SELECT entries::text AS entries, (${NOW})::text AS now FROM ${principals} WHERE principal = $1`,
    ),
    raiseEpoch: statement(`INSERT INTO ${principals} AS kept (principal, entries, epoch_at, epoch_except, expires_at)
VALUES ($1, '[]', ${NOW}, $2, clock_timestamp() + ${EPOCH_ENDS} * interval '1 millisecond')
ON CONFLICT (principal) DO UPDATE SET
  epoch_at = greatest(${NOW}, kept.epoch_at),
  epoch_except = $2,
  epoch_except_at = CASE WHEN $2 IS NOT NULL THEN ${raisedAt} END,
  expires_at = greatest(kept.expires_at, clock_timestamp() + ${EPOCH_ENDS} * interval '1 millisecond')
RETURNING entries::text AS entries, (${NOW})::text AS now`),
    sweep: statement(`DELETE FROM ${principals} WHERE principal = ANY (ARRAY(
  SELECT principal FROM ${principals} WHERE expires_at <= (SELECT clock_timestamp())
  ORDER BY expires_at LIMIT ${PRINCIPAL_SLICE} FOR UPDATE SKIP LOCKED
)) RETURNING principal`),
  };
}

const isLiving = `(entry ->> 2)::float8 > ${NOW}`;

function millisecondsOf(timestamp: string): string {
  return `(extract(epoch FROM ${timestamp}) * 1000)::float8`;
}

function entriesOf(row: string): string {
  return `jsonb_array_elements(${row}.entries) WITH ORDINALITY AS listed (entry, place)`;
}

function listOf(value: string, order: string): string {
  return `coalesce(jsonb_agg(${value} ORDER BY ${order}), '[]')`;
}
