import { collect, streamOf } from '../../common/byte-stream.js';
import { SessionDecodeError, SessionStorageError } from '../../errors.js';
import { endOf, NO_STATE, type PrincipalState } from '../principals/principal-state.js';
import { decodePrincipalState, encodePrincipalState } from '../principals/principal-state-line.js';
import type { DirectoryRecord } from './directory-record.js';
import { idLine, idLineLength } from './id-line.js';
import { LentFile } from './lent-file.js';
import type { TemporaryFolder } from './temporary-folder.js';

/** A state, and the version of the record that holds it. */
export interface SeenState {
  readonly state: PrincipalState;
  /** `undefined` when there is none. */
  readonly version: string | undefined;
}

/** The state of one principal, kept as the bytes of a record: what is promised of those holds for it. */
export class PrincipalFile {
  /** The record's folder. */
  readonly path: string;
  readonly #principal: string;
  readonly #record: DirectoryRecord;
  readonly #temporary: TemporaryFolder;

  constructor(path: string, principal: string, record: DirectoryRecord, temporary: TemporaryFolder) {
    this.path = path;
    this.#principal = principal;
    this.#record = record;
    this.#temporary = temporary;
  }

  /** @throws {SessionStorageError} when what is there is broken: an epoch may have stood in it */
  async read(): Promise<SeenState> {
    const opened = await this.#record.open();
    if (opened === undefined) return { state: NO_STATE, version: undefined };
    const stream = new LentFile(opened.descriptor, idLineLength(this.#principal));
    try {
      const line = Buffer.from(await collect(stream)).toString();
      return { state: decodePrincipalState(line), version: opened.mark.name };
    } catch (error) {
      throw error instanceof SessionDecodeError ? this.#broken(error) : error;
    } finally {
      await stream.close();
    }
  }

  /**
   * Puts a state in the place of the one that was seen.
   *
   * @returns whether that was still there; else nothing has changed
   */
  async replace({ version }: SeenState, state: PrincipalState): Promise<boolean> {
    const expect = version === undefined ? 'absent' : { version };
    const expiresAt = endOf(state);
    if (expiresAt === 0) return (await this.#record.end({ expect })).written;
    const line = Buffer.from(encodePrincipalState(state));
    const bytes = await this.#temporary.stage(idLine(this.#principal), streamOf(line), {});
    try {
      return (await this.#record.put(bytes, { expect, expiresAt })).written;
    } finally {
      await bytes.discard();
    }
  }

  #broken(cause: SessionDecodeError): SessionStorageError {
    return new SessionStorageError(
      `Cannot read principal: what is stored of it is broken: remove ${this.path}, after you have ended its sessions, which are in no list then`,
      { cause },
    );
  }
}
