import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/common/clock.js';
import { EPOCH_MEMORY, type AddOptions } from '../../../src/storage/principals/principal-index.js';
import { GoodPrincipals, type GoodEntry } from './good-principals.js';

/** A way to break the contract of the index, and the case that shows it. */
export interface BrokenPrincipals {
  readonly what: string;
  readonly shownBy: string;
  readonly type: new (clock: Clock) => GoodPrincipals;
}

const everyones = new Map<string, readonly GoodEntry[]>();

/** Each breaks one thing. */
export const brokenPrincipals: readonly BrokenPrincipals[] = [
  {
    what: "mixes everybody's entries",
    shownBy: 'entries() tells of what was added under a principal, and of nothing to one who has none',
    type: class extends GoodPrincipals {
      protected override key() {
        return 'everybody';
      }
    },
  },
  {
    what: 'sorts entries of one instant by their names',
    shownBy: 'entries() tells of them in the order in which they were added',
    type: class extends GoodPrincipals {
      protected override placed(others: readonly GoodEntry[], entry: GoodEntry) {
        return [...others, entry].toSorted((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1));
      }
    },
  },
  {
    what: 'leaves an entry in its place that is added anew',
    shownBy: 'add() of an entry that is there moves it to the end, and there is one of it',
    type: class extends GoodPrincipals {
      protected override placed(others: readonly GoodEntry[], entry: GoodEntry, principal: string) {
        const before = this.living(principal);
        const isThere = before.some(({ id }) => id === entry.id);
        return isThere ? before.map((one) => (one.id === entry.id ? entry : one)) : [...others, entry];
      }
    },
  },
  {
    what: 'has an entry twice that is added anew',
    shownBy: 'add() of an entry that is there moves it to the end, and there is one of it',
    type: class extends GoodPrincipals {
      protected override placed(_others: readonly GoodEntry[], entry: GoodEntry, principal: string) {
        return [...this.living(principal), entry];
      }
    },
  },
  {
    what: 'tells ages in seconds',
    shownBy: 'entries() tells how many milliseconds ago each was added last',
    type: class extends GoodPrincipals {
      protected override told(entries: readonly GoodEntry[]) {
        return super.told(entries).map(({ id, age }) => ({ id, age: age / 1000 }));
      }
    },
  },
  {
    what: 'tells instants for ages',
    shownBy: 'entries() tells how many milliseconds ago each was added last',
    type: class extends GoodPrincipals {
      protected override told(entries: readonly GoodEntry[]) {
        return entries.map(({ id, addedAt }) => ({ id, age: addedAt }));
      }
    },
  },
  {
    what: 'keeps the first instant of an entry that is added anew',
    shownBy: 'entries() tells how many milliseconds ago each was added last',
    type: class extends GoodPrincipals {
      protected override entry(principal: string, id: string, options: AddOptions) {
        const { addedAt = this.clock.now() } = this.living(principal).find((one) => one.id === id) ?? {};
        return { ...super.entry(principal, id, options), addedAt };
      }
    },
  },
  ...[
    'an entry that has expired is not told of, not held and not counted',
    'raiseEpoch() does not tell of an entry that has expired',
    'add() of an entry that is there gives it the new expiry',
  ].map((shownBy) => ({
    what: 'knows no expiry',
    shownBy,
    type: class extends GoodPrincipals {
      protected override living(principal: string) {
        return this.all(principal);
      }
    },
  })),
  {
    what: 'holds what has expired',
    shownBy: 'an entry that has expired is not told of, not held and not counted',
    type: class extends GoodPrincipals {
      override async holds(principal: string, id: string, since: number) {
        return this.all(principal).some((entry) => entry.id === id) && since > this.raisedFor(principal, id);
      }
    },
  },
  {
    what: 'counts what has expired',
    shownBy: 'an entry that has expired is not told of, not held and not counted',
    type: class extends GoodPrincipals {
      protected override isFull(_others: readonly GoodEntry[], options: AddOptions, principal: string, id: string) {
        const all = this.all(principal).filter((entry) => entry.id !== id);
        return super.isFull(all, options, principal, id);
      }
    },
  },
  {
    what: 'tells of what has expired when it is full',
    shownBy: 'raiseEpoch() does not tell of an entry that has expired, nor does add() that is refused',
    type: class extends GoodPrincipals {
      override async add(principal: string, id: string, options: AddOptions) {
        const result = await super.add(principal, id, options);
        return 'entries' in result ? { ...result, entries: this.told(this.all(principal)) } : result;
      }
    },
  },
  {
    what: 'tells of what has expired when its epoch is raised',
    shownBy: 'raiseEpoch() does not tell of an entry that has expired',
    type: class extends GoodPrincipals {
      override async raiseEpoch(principal: string, except?: string) {
        await super.raiseEpoch(principal, except);
        return this.told(this.all(principal).filter(({ id }) => id !== except));
      }
    },
  },
  ...[Math.max, Math.min].map((choose) => ({
    what: `keeps the ${choose.name} of the expiries of an entry`,
    shownBy: 'add() of an entry that is there gives it the new expiry, later or earlier',
    type: class extends GoodPrincipals {
      protected override entry(principal: string, id: string, options: AddOptions) {
        const before = this.living(principal).find((one) => one.id === id)?.expiresAt ?? options.expiresAt;
        return super.entry(principal, id, { ...options, expiresAt: choose(before, options.expiresAt) });
      }
    },
  })),
  {
    what: 'keeps JSON, which knows no infinity',
    shownBy: 'an entry whose record never ends does not expire',
    type: class extends GoodPrincipals {
      protected override put(principal: string, entries: readonly GoodEntry[]) {
        super.put(principal, JSON.parse(JSON.stringify(entries)) as GoodEntry[]);
      }
    },
  },
  {
    what: 'holds an entry under any principal',
    shownBy: 'holds() is true of an entry under its principal alone, until it is removed',
    type: class extends GoodPrincipals {
      override async holds(principal: string, id: string, since: number) {
        const all = await Promise.all([...this.lists.keys()].map((each) => super.holds(each, id, since)));
        return all.includes(true) || super.holds(principal, id, since);
      }
    },
  },
  {
    what: 'holds what was removed',
    shownBy: 'holds() is true of an entry under its principal alone, until it is removed',
    type: class extends GoodPrincipals {
      readonly #seen = new Set<string>();

      override async holds(principal: string, id: string, since: number) {
        if (await super.holds(principal, id, since)) this.#seen.add(principal + id);
        return this.#seen.has(principal + id);
      }
    },
  },
  {
    what: 'removes everything of a principal',
    shownBy: 'remove() removes an entry, and nothing else',
    type: class extends GoodPrincipals {
      override async remove(principal: string, id: string) {
        if (this.all(principal).some((entry) => entry.id === id)) this.put(principal, []);
      }
    },
  },
  {
    what: 'removes an entry from everybody',
    shownBy: 'remove() removes an entry, and nothing else',
    type: class extends GoodPrincipals {
      override async remove(_principal: string, id: string) {
        for (const principal of this.lists.keys()) await super.remove(principal, id);
      }
    },
  },
  {
    what: 'does not remove the last one',
    shownBy: 'remove() removes an entry, and nothing else',
    type: class extends GoodPrincipals {
      override async remove(principal: string, id: string) {
        if (this.all(principal).length > 1) await super.remove(principal, id);
      }
    },
  },
  {
    what: 'removes the last one in the place of one that is not there',
    shownBy: 'remove() of what is not there does nothing',
    type: class extends GoodPrincipals {
      override async remove(principal: string, id: string) {
        const entries = [...this.all(principal)];
        entries.splice(
          entries.findIndex((entry) => entry.id === id),
          1,
        );
        this.put(principal, entries);
      }
    },
  },
  {
    what: 'forgets a principal with the record of that name',
    shownBy: 'a record under the same text as a principal has nothing to do with it',
    type: class extends GoodPrincipals {
      override recordLeft(id: string) {
        this.put(id, []);
      }
    },
  },
  {
    what: 'counts entries as records that were swept',
    shownBy: 'sweep() leaves entries that live, and what has expired of others is no record to it',
    type: class extends GoodPrincipals {
      override async sweep() {
        const before = [...this.lists.values()].flat().length;
        await super.sweep();
        return before - [...this.lists.values()].flat().length;
      }
    },
  },
  {
    what: 'sweeps a principal with the first entry that has expired',
    shownBy: 'sweep() leaves entries that live',
    type: class extends GoodPrincipals {
      override async sweep() {
        for (const principal of this.lists.keys()) {
          if (this.living(principal).length < this.all(principal).length) this.put(principal, []);
        }
        return 0;
      }
    },
  },
  {
    what: 'is one for all instances',
    shownBy: 'principals of two instances are not shared by accident',
    type: class extends GoodPrincipals {
      protected override lists = everyones;
    },
  },
  ...[
    { what: 'does not tell upper case from lower', key: (name: string) => name.toLowerCase() },
    { what: 'cuts principals that are long', key: (name: string) => name.slice(0, 1) },
  ].map(({ what, key }) => ({
    what,
    shownBy: 'principals and entries may be called by every text that is an id',
    type: class extends GoodPrincipals {
      protected override key(principal: string) {
        return key(principal);
      }
    },
  })),
  ...[
    { what: 'takes everything', checked: () => [] },
    { what: 'does not look at principals', checked: ([, id]: readonly string[]) => [id] },
    { what: 'does not look at ids', checked: ([principal]: readonly string[]) => [principal] },
  ].map(({ what, checked }) => ({
    what,
    shownBy: 'no method of the index takes a principal or an id that is none',
    type: class extends GoodPrincipals {
      protected override check(...texts: readonly (string | undefined)[]) {
        super.check(...checked(texts.map((text) => text ?? 'none')));
      }
    },
  })),
  {
    what: 'lets one more in',
    shownBy: "add() with a limit refuses one too many with 'full'",
    type: class extends GoodPrincipals {
      protected override isFull(others: readonly GoodEntry[], { limit = Infinity }: AddOptions) {
        return others.length > limit;
      }
    },
  },
  {
    what: 'asks only for the very limit',
    shownBy: "add() with a limit refuses one too many with 'full'",
    type: class extends GoodPrincipals {
      protected override isFull(others: readonly GoodEntry[], { limit }: AddOptions) {
        return others.length === limit;
      }
    },
  },
  {
    what: 'makes room by itself when it is full',
    shownBy: "add() with a limit refuses one too many with 'full'",
    type: class extends GoodPrincipals {
      override async add(principal: string, id: string, options: AddOptions) {
        const result = await super.add(principal, id, options);
        if ('entries' in result) this.put(principal, this.living(principal).slice(1));
        return result;
      }
    },
  },
  {
    what: 'counts an entry twice that is there',
    shownBy: 'add() of an entry that is there takes no further place',
    type: class extends GoodPrincipals {
      protected override isFull(_others: readonly GoodEntry[], options: AddOptions, principal: string, id: string) {
        return super.isFull(this.living(principal), options, principal, id);
      }
    },
  },
  {
    what: 'lets in whoever is there',
    shownBy: 'add() with a limit below what is there refuses an entry that is there too',
    type: class extends GoodPrincipals {
      protected override isFull(others: readonly GoodEntry[], options: AddOptions, principal: string, id: string) {
        const isThere = this.living(principal).some((entry) => entry.id === id);
        return !isThere && super.isFull(others, options, principal, id);
      }
    },
  },
  {
    what: 'tells the entry that is refused to make room for itself',
    shownBy: 'add() with a limit below what is there refuses an entry that is there too',
    type: class extends GoodPrincipals {
      override async add(principal: string, id: string, options: AddOptions) {
        const result = await super.add(principal, id, options);
        return 'entries' in result ? { ...result, entries: await this.entries(principal) } : result;
      }
    },
  },
  {
    what: 'has a limit of its own',
    shownBy: 'add() without a limit adds any number',
    type: class extends GoodPrincipals {
      protected override isFull(others: readonly GoodEntry[], { limit = 20 }: AddOptions) {
        return others.length >= limit;
      }
    },
  },
  {
    what: 'has one limit for all',
    shownBy: 'add() without a limit adds any number, and a limit is of one principal',
    type: class extends GoodPrincipals {
      protected override isFull(_others: readonly GoodEntry[], { limit = Infinity }: AddOptions) {
        return [...this.lists.values()].flat().length >= limit;
      }
    },
  },
  ...[
    'of many parallel add() with a limit as many are added as there may be',
    'of many who add at once in the place of the oldest',
  ].map((shownBy) => ({
    what: 'counts first, and adds then',
    shownBy,
    type: class extends GoodPrincipals {
      override async add(principal: string, id: string, options: AddOptions) {
        const others = this.living(principal).filter((entry) => entry.id !== id);
        if (this.isFull(others, options, principal, id)) return super.add(principal, id, options);
        await setImmediate();
        return super.add(principal, id, { ...options, limit: undefined });
      }
    },
  })),
  {
    what: 'tells of the record that is excepted',
    shownBy: 'raiseEpoch() tells of the entries that are there, but for the one that is excepted',
    type: class extends GoodPrincipals {
      override async raiseEpoch(principal: string, except?: string) {
        await super.raiseEpoch(principal, except);
        return this.entries(principal);
      }
    },
  },
  {
    what: 'removes what it tells of when its epoch is raised',
    shownBy: 'raiseEpoch() tells of the entries that are there, but for the one that is excepted, and removes nothing',
    type: class extends GoodPrincipals {
      override async raiseEpoch(principal: string, except?: string) {
        const told = await super.raiseEpoch(principal, except);
        for (const { id } of told) await this.remove(principal, id);
        return told;
      }
    },
  },
  {
    what: 'does not ask for the epoch when it adds',
    shownBy: "add() of a request that began before the epoch is refused with 'epoch'",
    type: class extends GoodPrincipals {
      protected override isLate() {
        return false;
      }
    },
  },
  {
    what: 'raises no epoch of who has no entry',
    shownBy: "add() of a request that began before the epoch is refused with 'epoch'",
    type: class extends GoodPrincipals {
      protected override raise(principal: string, except: string | undefined) {
        if (this.all(principal).length > 0) super.raise(principal, except);
      }
    },
  },
  {
    what: 'asks for the epoch of new entries alone',
    shownBy: "add() of a request that began before the epoch is refused with 'epoch'",
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return !this.all(principal).some((entry) => entry.id === id) && super.isLate(principal, id, begunAgo);
      }
    },
  },
  {
    what: 'removes the entry that it refuses for the epoch',
    shownBy: "add() of a request that began before the epoch is refused with 'epoch', and changes nothing",
    type: class extends GoodPrincipals {
      override async add(principal: string, id: string, options: AddOptions) {
        const result = await super.add(principal, id, options);
        if (!result.added) await this.remove(principal, id);
        return result;
      }
    },
  },
  {
    what: 'adds nothing any more once an epoch was raised',
    shownBy: 'add() of a request that began after the epoch is not refused',
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return this.raisedFor(principal, id) > 0 || super.isLate(principal, id, begunAgo);
      }
    },
  },
  {
    what: 'keeps the first epoch',
    shownBy: 'an epoch that is raised again counts from then on',
    type: class extends GoodPrincipals {
      protected override raise(principal: string, except: string | undefined) {
        if (!this.epochs.has(principal)) super.raise(principal, except);
      }
    },
  },
  {
    what: 'lets in who began in the instant of the epoch',
    shownBy: 'a request that began in the very instant of the epoch is refused',
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return super.isLate(principal, id, begunAgo - 0.5);
      }
    },
  },
  {
    what: 'holds what was added in the instant of the epoch',
    shownBy: 'a request that began in the very instant of the epoch is refused, and what was added in it is not held',
    type: class extends GoodPrincipals {
      override holds(principal: string, id: string, since: number) {
        return super.holds(principal, id, since + 0.5);
      }
    },
  },
  {
    what: 'does not ask for the epoch when it is to hold',
    shownBy: 'holds() is false of what was added before the epoch',
    type: class extends GoodPrincipals {
      override holds(principal: string, id: string) {
        return super.holds(principal, id, Infinity);
      }
    },
  },
  {
    what: 'holds nothing any more once an epoch was raised',
    shownBy: 'holds() is false of what was added before the epoch, and true when it was added anew after it',
    type: class extends GoodPrincipals {
      override async holds(principal: string, id: string, since: number) {
        return !this.epochs.has(principal) && super.holds(principal, id, since);
      }
    },
  },
  {
    what: 'asks for when the entry was added, not since when',
    shownBy: 'holds() is false of what was added before the epoch, and true when it was added anew after it',
    type: class extends GoodPrincipals {
      override async holds(principal: string, id: string) {
        const { addedAt = 0 } = this.living(principal).find((entry) => entry.id === id) ?? {};
        return super.holds(principal, id, addedAt);
      }
    },
  },
  {
    what: 'knows no exception',
    shownBy: 'an epoch counts as not raised for the record that is excepted',
    type: class extends GoodPrincipals {
      protected override raise(principal: string) {
        super.raise(principal, undefined);
      }
    },
  },
  {
    what: 'knows no exception when it adds',
    shownBy: 'an epoch counts as not raised for the record that is excepted',
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, _id: string, begunAgo: number) {
        return super.isLate(principal, '', begunAgo);
      }
    },
  },
  {
    what: 'excepts entries that are there alone',
    shownBy: 'an epoch counts as not raised for the record that is excepted, be it not there yet',
    type: class extends GoodPrincipals {
      protected override raise(principal: string, except: string | undefined) {
        const isThere = this.living(principal).some(({ id }) => id === except);
        super.raise(principal, isThere ? except : undefined);
      }
    },
  },
  {
    what: 'knows the last epoch alone',
    shownBy: 'an exception is of its epoch alone: one that was raised before counts on',
    type: class extends GoodPrincipals {
      protected override raise(principal: string, except: string | undefined) {
        this.epochs.delete(principal);
        super.raise(principal, except);
      }
    },
  },
  {
    what: 'excepts for ever',
    shownBy:
      'an exception is of its epoch alone: one that was raised before counts on, and one that is raised later counts',
    type: class extends GoodPrincipals {
      protected override raisedFor(principal: string, id: string) {
        const epochs = this.epochs.get(principal) ?? [];
        // Except where an epoch counted before, which is another thing to break
        return epochs[0]?.except === id ? -Infinity : super.raisedFor(principal, id);
      }
    },
  },
  {
    what: "raises everybody's epoch",
    shownBy: 'epochs of principals do not meet',
    type: class extends GoodPrincipals {
      protected override raise(_principal: string, except: string | undefined) {
        for (const each of ['p', 'q']) super.raise(each, except);
      }
    },
  },
  {
    what: 'forgets the epoch with the last entry',
    shownBy: 'an epoch outlives the entries, removed or expired and swept',
    type: class extends GoodPrincipals {
      protected override put(principal: string, entries: readonly GoodEntry[]) {
        super.put(principal, entries);
        if (entries.length === 0) this.epochs.delete(principal);
      }
    },
  },
  {
    what: 'takes requests of any age',
    shownBy: 'add() of a request that is older than epochs are remembered is refused',
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return super.isLate(principal, id, Math.min(begunAgo, EPOCH_MEMORY));
      }
    },
  },
  {
    what: 'takes requests of an hour at the most',
    shownBy: 'add() of a request that is older than epochs are remembered is refused',
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return begunAgo > 3_600_000 || super.isLate(principal, id, begunAgo);
      }
    },
  },
  {
    what: 'counts before it asks for the epoch',
    shownBy: "add() that is refused for the epoch does not say 'full'",
    type: class extends GoodPrincipals {
      protected override isLate(principal: string, id: string, begunAgo: number) {
        return this.living(principal).length === 0 && super.isLate(principal, id, begunAgo);
      }
    },
  },
  {
    what: 'lists first, and raises then',
    shownBy: 'of what is added while the epoch is raised, raiseEpoch() tells of all that is not held',
    type: class extends GoodPrincipals {
      override async raiseEpoch(principal: string, except?: string) {
        const told = (await this.entries(principal)).filter(({ id }) => id !== except);
        await setImmediate();
        await super.raiseEpoch(principal, except);
        return told;
      }
    },
  },
];
