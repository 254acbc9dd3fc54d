import assert from 'node:assert/strict';
import type { CaseDraft } from './conformance-bench.js';
import { principalEntryCases } from './principal-entry-cases.js';
import { principalEpochCases } from './principal-epoch-cases.js';
import { principalLimitCases } from './principal-limit-cases.js';

const cases: readonly CaseDraft[] = [...principalEntryCases, ...principalLimitCases, ...principalEpochCases];

/**
 * A storage may keep an index of principals; what it keeps has to be right.
 *
 * @param declared whether it is to have one; `undefined` for a storage that may
 */
export function principalCases(declared: boolean | undefined): readonly CaseDraft[] {
  switch (declared) {
    case undefined:
      return cases.map(({ name, check }) => ({
        name,
        check: async (bench) => {
          if (bench.storage.principals !== undefined) await check(bench);
        },
      }));
    case true:
      return [{ name: 'it keeps an index of principals', check: async (bench) => void bench.principals }, ...cases];
    case false:
      return [
        {
          name: 'it keeps no index of principals',
          check: async ({ storage }) => assert.equal(storage.principals, undefined),
        },
      ];
    default:
      return declared satisfies never;
  }
}
