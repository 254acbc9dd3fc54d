import { collect, streamOf } from '../../common/byte-stream.js';
import { SessionDecodeError, SessionStorageError } from '../../errors.js';
import { endOf, NO_STATE, type PrincipalState } from '../principals/principal-state.js';
import { decodePrincipalState, encodePrincipalState } from '../principals/principal-state-line.js';
import type { DirectoryRecord } from './directory-record.js';

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
  readonly #record: DirectoryRecord;

  constructor(path: string, record: DirectoryRecord) {
    this.path = path;
    this.#record = record;
  }

  /** @throws {SessionStorageError} when what is there is broken: an epoch may have stood in it */
  async read(): Promise<SeenState> {
    try {
      const seen = await this.#record.read(async ({ stream, version }): Promise<SeenState> => {
        const line = Buffer.from(await collect(stream)).toString();
        return { state: decodePrincipalState(line), version };
      });
      return seen ?? { state: NO_STATE, version: undefined };
    } catch (error) {
      throw error instanceof SessionDecodeError ? this.#broken(error) : error;
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
    return (await this.#record.write(streamOf(line), {}, { expect, expiresAt })).written;
  }

  #broken(cause: SessionDecodeError): SessionStorageError {
    return new SessionStorageError(
      `Cannot read principal: what is stored of it is broken: remove ${this.path}, after you have ended its sessions, which are in no list then`,
      { cause },
    );
  }
}
