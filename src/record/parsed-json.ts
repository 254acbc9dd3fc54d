/** What parsed JSON holds that an app should not get as it is. */
export interface Findings {
  /** Whether it nests deeper than the limit. */
  isTooDeep: boolean;
  /** Whether it holds a number that there is not: one beyond 1.8e308 parses as an infinity, which could not be stored again. */
  isInfinite: boolean;
  /** Whether it has a key by which a careless merge may reach a prototype. */
  mayReachPrototype: boolean;
}

/**
 * Looks through parsed JSON, once for all that may be wrong with it.
 *
 * @param data may nest to any depth: no deeper than the limit is looked
 * @param maxDepth how deep objects and arrays may nest, the data itself included
 */
export function findingsIn(data: object, maxDepth: number): Findings {
  const findings = { isTooDeep: false, isInfinite: false, mayReachPrototype: false };
  look(data, maxDepth, findings);
  return findings;
}

function look(data: object, depth: number, findings: Findings): void {
  if (depth < 1) {
    findings.isTooDeep = true;
    return;
  }
  for (const key in data) {
    if (key === '__proto__' || key === 'constructor') findings.mayReachPrototype = true;
    const value = (data as Record<string, unknown>)[key];
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) findings.isInfinite = true;
    } else if (typeof value === 'object' && value !== null) {
      look(value, depth - 1, findings);
    }
  }
}
