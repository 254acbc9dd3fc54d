import type { TestModule } from 'vitest/node';

/** Says over each storage in how many orders how many scenarios were run; no lines when the run tried none. */
export function interleavingLines(modules: readonly TestModule[]): string[] {
  const storages = new Map<string, { orders: number; readonly scenarios: Set<string>; failed: number }>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { interleavings } = test.meta();
      if (interleavings === undefined) continue;
      const { storage, scenario, orders } = interleavings;
      const counts = storages.get(storage) ?? { orders: 0, scenarios: new Set(), failed: 0 };
      storages.set(storage, counts);
      counts.orders += orders;
      counts.scenarios.add(scenario);
      if (test.result().state !== 'passed') counts.failed++;
    }
  }
  return [...storages].map(([storage, { orders, scenarios, failed }]) => {
    const failing = failed === 0 ? '' : `, ${failed} failed`;
    return `interleavings: ${storage}: ${orders.toLocaleString('en')} orders of ${scenarios.size} scenarios${failing}`;
  });
}
