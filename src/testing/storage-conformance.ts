import {
  ConformanceBench,
  type CaseDraft,
  type ConformanceCase,
  type ConformanceOptions,
} from './conformance/conformance-bench.js';
import { conditionCases } from './conformance/condition-cases.js';
import { declarationCases } from './conformance/declaration-cases.js';
import { expiryCases } from './conformance/expiry-cases.js';
import { failureCases } from './conformance/failure-cases.js';
import { idCases } from './conformance/id-cases.js';
import { principalCases } from './conformance/principal-cases.js';
import { roundTripCases } from './conformance/round-trip-cases.js';
import { sweepCases } from './conformance/sweep-cases.js';

/**
 * Everything that the contract of `SessionStorage` promises, as cases for any test runner.
 *
 * ```ts
 * describe('MyStorage', () => {
 *   for (const { name, run } of storageConformance({ create: (clock) => new MyStorage({ clock }) })) it(name, run);
 * });
 * ```
 *
 * @param options how to create the storage, and what it does not do
 * @returns the cases; those of what it does not do are left out
 */
export function storageConformance(options: ConformanceOptions): readonly ConformanceCase[] {
  const { conditionalWrites = true, expires = true, tellsExpired = true, principals } = options;
  const drafts: readonly CaseDraft[] = [
    ...declarationCases(conditionalWrites),
    ...roundTripCases,
    ...failureCases,
    ...idCases,
    ...(expires ? expiryCases : []),
    ...sweepCases(tellsExpired),
    ...(conditionalWrites ? conditionCases(expires) : []),
    ...principalCases(principals),
  ];
  return drafts.map(({ name, check }) => ({ name, run: () => runOf(options, check) }));
}

async function runOf(options: ConformanceOptions, check: CaseDraft['check']): Promise<void> {
  const bench = new ConformanceBench(options);
  try {
    await bench.create();
    await check(bench);
  } catch (error) {
    // Whatever close() says now, it is not what went wrong
    await bench.close().catch(() => {});
    throw error;
  }
  await bench.close();
}
