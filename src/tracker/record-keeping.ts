import type { RecordWriter } from './record-writer.js';
import type { Token } from './token.js';
import type { Tracking } from './tracking.js';

/** How sessions of one kind are kept in records. */
export interface RecordKeeping<Data extends object> extends Pick<Tracking<Data>, 'settings' | 'observe'> {
  readonly writer: RecordWriter;
  /** The value that travels for a token. */
  seal(token: Token): string;
}
