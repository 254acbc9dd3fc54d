import { beforeEach, describe, expect, it } from 'vitest';
import { SessionConflictError, SessionStorageError } from '../../../src/errors.js';
import type { RecordHeader } from '../../../src/record/record-header.js';
import type { SessionRecord } from '../../../src/record/record.js';
import type { Claim, OwnedWrite, Principals } from '../../../src/tracker/principals.js';
import { RecordWriter, type Rewrite } from '../../../src/tracker/record-writer.js';
import type { KnownRecord } from '../../../src/tracker/records.js';
import { Lab, STORAGE_TIMEOUT } from './tracker-lab.js';

const ID = 'an-id';
const HOUR = 3_600_000;

/** What it is asked, in its place among the calls of the storage; and what it answers. */
class Noting implements Pick<Principals, 'claim'> {
  readonly writes: OwnedWrite[] = [];
  readonly #calls: string[];
  answer: (write: OwnedWrite) => Promise<Claim> | undefined = () => Promise.resolve(this.claimed);
  settle: () => Promise<void> = async () => {};

  constructor(calls: string[]) {
    this.#calls = calls;
  }

  get claimed(): Claim {
    return {
      settle: () => {
        this.#calls.push('settle');
        return this.settle();
      },
    };
  }

  claim(write: OwnedWrite): Promise<Claim> | undefined {
    this.writes.push(write);
    this.#calls.push('claim');
    return this.answer(write);
  }
}

describe('RecordWriter, of records that are somebody’s', () => {
  let lab: Lab;
  let noting: Noting;
  let writer: RecordWriter;
  let first: SessionRecord;
  const begunAt = 123;

  beforeEach(() => {
    lab = new Lab();
    noting = new Noting(lab.storage.calls);
    writer = new RecordWriter(lab.records, noting as unknown as Principals, lab.clock, STORAGE_TIMEOUT);
    const now = lab.clock.now();
    const header: RecordHeader = {
      name: 'sid',
      secretHash: 'hash',
      previous: undefined,
      createdAt: now,
      idleDeadline: now + HOUR,
      absoluteDeadline: now + 2 * HOUR,
      commits: [],
      principal: 'eva',
    };
    first = { header, payload: Buffer.from('first') };
  });

  const create = async (): Promise<KnownRecord> => {
    const { record } = await writer.create(ID, first, begunAt);
    lab.storage.calls.length = 0;
    noting.writes.length = 0;
    return record;
  };
  const rewrite = (known: KnownRecord | undefined, change: Partial<Rewrite> = {}) =>
    writer.rewrite({
      id: ID,
      secretHash: 'hash',
      begunAt,
      known,
      merges: true,
      next: ({ header }) => ({ header: { ...header, principal: 'adam' }, payload: Buffer.from('next') }),
      onConflict: () => {},
      ...change,
    });
  /** Somebody else changes the record. */
  const interfere = async (change: Partial<RecordHeader>): Promise<void> => {
    const current = await lab.records.read(ID, true);
    if (current === undefined) throw new Error('nothing to change');
    const header = { ...current.header, ...change };
    await lab.records.write(ID, { ...current, header }, { version: current.version });
    lab.storage.calls.length = 0;
  };
  const conflicting = async () => ({ written: false, reason: 'conflict' }) as const;

  describe('create()', () => {
    it('claims before it writes, and settles after', async () => {
      await writer.create(ID, first, begunAt);
      expect(lab.storage.calls).toEqual(['claim', 'write', 'settle']);
      expect(noting.writes).toMatchObject([{ id: ID, from: undefined, to: { principal: 'eva' }, begunAt }]);
    });

    it('writes nothing when it is refused', async () => {
      noting.answer = () => Promise.reject(new SessionConflictError('no'));
      await expect(writer.create(ID, first, begunAt)).rejects.toThrow('no');
      expect(lab.storage.calls).toEqual(['claim']);
    });

    it('rejects when it cannot settle', async () => {
      noting.settle = () => Promise.reject(new SessionConflictError('no'));
      await expect(writer.create(ID, first, begunAt)).rejects.toThrow('no');
    });

    it('settles what the id was claimed for that it got', async () => {
      await create();
      const { id } = await writer.create(ID, first, begunAt);
      expect(lab.storage.calls).toEqual(['claim', 'write', 'read fresh', 'claim', 'write', 'settle']);
      expect(noting.writes.map((write) => write.id)).toEqual([ID, id]);
    });

    it('D4: settles its own record behind a lying `exists`', async () => {
      lab.storage.onWrite.push(async (write) => (await write(), write()));
      await writer.create(ID, first, begunAt);
      expect(lab.storage.calls).toEqual(['claim', 'write', 'read fresh', 'settle']);
    });

    it('does neither where there is nothing to do', async () => {
      noting.answer = () => undefined;
      await writer.create(ID, first, begunAt);
      expect(lab.storage.calls).toEqual(['claim', 'write']);
    });

    it('settles nothing that nobody knows to be written', async () => {
      lab.storage.onWrite.push(() => Promise.reject(new Error('down')));
      await expect(writer.create(ID, first, begunAt)).rejects.toThrow(SessionStorageError);
      expect(lab.storage.calls).toEqual(['claim', 'write']);
    });
  });

  describe('rewrite()', () => {
    it('claims before it writes, and settles after', async () => {
      await rewrite(await create());
      expect(lab.storage.calls).toEqual(['claim', 'write', 'settle']);
      expect(noting.writes).toMatchObject([{ id: ID, from: { principal: 'eva' }, to: { principal: 'adam' }, begunAt }]);
    });

    it('claims again on what others have stored, and settles the last', async () => {
      const known = await create();
      const claims: string[] = [];
      noting.answer = ({ from }) => Promise.resolve({ settle: async () => void claims.push(String(from?.principal)) });
      await interfere({ principal: 'ida' });
      await rewrite(known);
      expect(lab.storage.calls).toEqual(['claim', 'write', 'read fresh', 'claim', 'write']);
      expect(noting.writes.map(({ from }) => from?.principal)).toEqual(['eva', 'ida']);
      expect(claims).toEqual(['ida']);
    });

    it('settles nothing when there was nothing to do in the end', async () => {
      const known = await create();
      const answers = [Promise.resolve(noting.claimed), undefined];
      noting.answer = () => answers.shift();
      await interfere({ principal: 'adam' });
      await rewrite(known);
      expect(lab.storage.calls).toEqual(['claim', 'write', 'read fresh', 'claim', 'write']);
    });

    it('D4: settles its own commit behind a lying `conflict`', async () => {
      const known = await create();
      lab.storage.onWrite.push(async (write) => (await write(), conflicting()));
      expect(await rewrite(known)).toMatchObject({ outcome: 'written' });
      expect(lab.storage.calls).toEqual(['claim', 'write', 'read fresh', 'settle']);
    });

    it('settles nothing of a record that has ended, or is foreign, meanwhile', async () => {
      const known = await create();
      await interfere({ secretHash: 'theirs' });
      expect(await rewrite(known)).toEqual({ outcome: 'foreign' });
      await lab.storage.memory.invalidate(ID);
      expect(await rewrite(known)).toEqual({ outcome: 'missing' });
      expect(lab.storage.calls).not.toContain('settle');
    });

    it('claims nothing when nothing is to be written', async () => {
      const known = await create();
      await rewrite(known, { next: () => undefined });
      expect(lab.storage.calls).toEqual([]);
    });

    it('rejects when it is refused, or cannot settle', async () => {
      const known = await create();
      noting.settle = () => Promise.reject(new SessionConflictError('not settled'));
      await expect(rewrite(known)).rejects.toThrow('not settled');
      noting.answer = () => Promise.reject(new SessionConflictError('refused'));
      await expect(rewrite(undefined)).rejects.toThrow('refused');
      expect(lab.storage.calls).toEqual(['claim', 'write', 'settle', 'read fresh', 'claim']);
    });
  });

  it('touch() claims nothing: it is theirs for as long', async () => {
    const known = await create();
    await writer.touch(ID, known, lab.clock.now() + HOUR);
    expect(lab.storage.calls).toEqual(['write']);
  });
});
