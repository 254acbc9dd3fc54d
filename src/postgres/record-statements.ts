import { statement, type Statement } from './statement.js';
import type { TableNames } from './postgres-tables.js';

/** How many expired records one slice of a sweep looks at. */
const SLICE = 1000;
/** About how many bytes of records one statement gives a sweep that is to tell of them. */
const SLICE_BYTES = 16 * 1024 * 1024;

/** What is done to records. `$1` is the id wherever there is one. */
export interface RecordStatements {
  readonly read: Statement;
  /** `$2`: the new version; `$3`: milliseconds until it expires; `$4`: bytes. Changes one row when it was stored. */
  readonly create: Statement;
  /** The same, and `$5`: the version that is expected. */
  readonly change: Statement;
  /** As `create`, whatever there is. */
  readonly put: Statement;
  /** Whether something lives: one row. */
  readonly find: Statement;
  /** `$2`: the version that is expected. Changes one row when it was removed. */
  readonly end: Statement;
  /** One row when something was removed: whether it lived. */
  readonly invalidate: Statement;
  /** Changes a row for each record that was removed. */
  readonly sweep: Statement;
  /** The same, and gives their ids and bytes. */
  readonly sweepAndTell: Statement;
}

/**
 * Writes down the statements.
 *
 * They tell the time by `clock_timestamp()`, which goes on while a statement waits: for a table that is being altered, say. One
 * that waits for a row looks at its condition once more if that has changed meanwhile (READ COMMITTED, the default).
 *
 * A statement may arrive twice, if something between a storage and its server sends it again when an answer was lost. Then the
 * version that is stored is the very one that it would store, and it has been done.
 */
export function recordStatements({ records }: TableNames): RecordStatements {
  const insert = `INSERT INTO ${records} AS stored (id, version, expires_at, payload)
VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond', $4)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at, payload = excluded.payload`;
  const set = `version = $2, expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond', payload = $4`;
  // Rows that somebody else has locked are being renewed, or are another sweep's
  const expired = (columns: string): string =>
    `SELECT ${columns} FROM ${records} WHERE expires_at <= (SELECT clock_timestamp())
  ORDER BY expires_at LIMIT ${SLICE} FOR UPDATE SKIP LOCKED`;
  return {
    read: statement(`SELECT version, encode(payload, 'base64') AS payload,
  (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::text AS remaining
FROM ${records} WHERE id = $1 AND expires_at > clock_timestamp()`),
    create: statement(`${insert}
WHERE stored.expires_at <= clock_timestamp() OR stored.version = excluded.version`),
    change: statement(`UPDATE ${records} SET ${set}
WHERE id = $1 AND (version = $5 OR version = $2) AND expires_at > clock_timestamp()`),
    put: statement(insert),
    find: statement(`SELECT id FROM ${records} WHERE id = $1 AND expires_at > clock_timestamp()`),
    end: statement(`DELETE FROM ${records} WHERE id = $1 AND version = $2 AND expires_at > clock_timestamp()`),
    invalidate: statement(
      `DELETE FROM ${records} WHERE id = $1 RETURNING (expires_at > clock_timestamp())::text AS living`,
    ),
    sweep: statement(`DELETE FROM ${records} WHERE id = ANY (ARRAY(${expired('id')}))`),
    sweepAndTell: statement(`WITH expired AS MATERIALIZED (${expired('id, octet_length(payload)::bigint AS size')}),
sized AS (SELECT id, sum(size) OVER (ROWS UNBOUNDED PRECEDING) - size AS before FROM expired)
DELETE FROM ${records} WHERE id = ANY (ARRAY(SELECT id FROM sized WHERE before < ${SLICE_BYTES}))
RETURNING id, encode(payload, 'base64') AS payload`),
  };
}
