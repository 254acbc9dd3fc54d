import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestCase, TestModule, TestSuite } from 'vitest/node';

/*
 * How a behaviour test names what it covers (test/behaviour/**):
 *
 *   describe.each(platforms)('%s', ...)            a suite `express` or `fastify`, or `express, memory`: platform first
 *     it('A7: a malformed token gets no session')  the row first; `it('A5, A6: ...')` covers both
 *     it('G: @Res() redirect: is stored')          G has no rows: its ways to answer are counted, each once
 *
 * The row may also stand at the start of an enclosing suite's name. A row counts only where all its tests passed.
 */
const PLATFORM = /^(express|fastify)(?![\w-])/;
const ROWS = /^((?:[A-F]\d+(?:, ?)?)+|G: .+?)(?:: |$)/;

/** The rows that must hold are listed beside the repository; without the list only what was covered is counted. */
const ROW_LIST = '../shared/behaviour.md';

/** Says per platform which behaviour rows the run covered; no lines when it ran no behaviour test. */
export function behaviourRows(modules: readonly TestModule[], root: string): string[] {
  const platforms = new Map<string, Map<string, boolean[]>>();
  for (const module of modules) {
    if (!module.moduleId.startsWith(join(root, 'test/behaviour/'))) continue;
    for (const test of module.children.allTests()) {
      const names = namesOf(test);
      const platform = firstMatch(names, PLATFORM);
      const rows = firstMatch(names, ROWS);
      if (platform === undefined || rows === undefined) continue;
      const outcomes = platforms.get(platform) ?? new Map<string, boolean[]>();
      platforms.set(platform, outcomes);
      for (const row of rows.startsWith('G') ? [rows] : rows.split(/, ?/).filter(Boolean)) {
        outcomes.set(row, [...(outcomes.get(row) ?? []), test.result().state === 'passed']);
      }
    }
  }
  const wanted = listedRows(resolve(root, ROW_LIST));
  return ['express', 'fastify'].flatMap((platform) => {
    const outcomes = platforms.get(platform);
    return outcomes ? [`behaviour rows covered: ${platform} ${groups(outcomes, wanted).join(', ')}`] : [];
  });
}

/** `A1-A20 19 of 20 (without A7)` for each group that has tests; `G 61 ways` for the ways to answer. */
function groups(outcomes: ReadonlyMap<string, readonly boolean[]>, wanted: readonly string[]): string[] {
  const covered = [...outcomes].filter(([, passed]) => passed.every(Boolean)).map(([row]) => row);
  const letters = [...new Set([...outcomes.keys()].map((row) => row.charAt(0)))].toSorted();
  return letters.map((letter) => {
    if (letter === 'G') return `G ${covered.filter((row) => row.startsWith('G')).length} ways`;
    const rows = wanted.filter((row) => row.startsWith(letter));
    const count = covered.filter((row) => row.startsWith(letter)).length;
    if (rows.length === 0) return `${letter} ${count}`;
    const missing = rows.filter((row) => !covered.includes(row));
    const without = missing.length > 0 ? ` (without ${missing.join(' ')})` : '';
    return `${letter}1-${letter}${rows.length} ${rows.length - missing.length} of ${rows.length}${without}`;
  });
}

/** The test's title, then the names of its suites, innermost first. */
function namesOf(test: TestCase): string[] {
  const names = [test.name];
  for (let at: TestSuite | TestModule = test.parent; at.type === 'suite'; at = at.parent) names.push(at.name);
  return names;
}

function firstMatch(names: readonly string[], pattern: RegExp): string | undefined {
  return names.map((name) => pattern.exec(name)?.[1]).find((match) => match !== undefined);
}

function listedRows(path: string): string[] {
  if (!existsSync(path)) return [];
  return [...readFileSync(path, 'utf8').matchAll(/^\| ([A-F]\d+) \|/gm)].map((match) => match[1] as string);
}
