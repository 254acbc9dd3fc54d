import type { RecordWriter } from './record-writer.js';
import type { Token } from './token.js';
import type { TrackerSettings, Tracking } from './tracking.js';

/** What happens to a change that was made on the ground of data that another request has changed meanwhile. */
export type ConflictPolicy = 'merge' | 'reject';

/** What there is to know of one kind of session that is kept in records. */
export interface RecordSettings<Data extends object> extends TrackerSettings<Data> {
  readonly onConflict: ConflictPolicy;
}

/** How sessions of one kind are kept in records. */
export interface RecordKeeping<Data extends object> extends Pick<Tracking<Data>, 'observe'> {
  readonly settings: RecordSettings<Data>;
  readonly writer: RecordWriter;
  /** The value that travels for a token. */
  seal(token: Token): string;
}
