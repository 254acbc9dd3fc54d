import type { LivingSession } from './principal-bench.js';
import type { EndOfAll, Login, PrincipalOutcome } from './principal-run.js';
import type { PrincipalScenario } from './principal-scenarios.js';
import { compare, type Difference } from './report.js';

/** Says what a run has broken of what is promised of principals; `undefined` when that is nothing. */
export function judgePrincipals(scenario: PrincipalScenario, outcome: PrincipalOutcome): Difference | undefined {
  const { stuck, living, left } = outcome;
  if (stuck !== undefined) return { where: 'The run', expected: 'to come to an end', seen: stuck };
  return (
    listedOf(outcome) ??
    limitOf(scenario, living) ??
    endsOf(scenario, outcome) ??
    livingOf(scenario, living) ??
    compare(
      'What is left after all has been ended',
      [],
      left.filter(({ principal }) => principal !== undefined),
    )
  );
}

/** Nothing unlisted lives, and what is listed lives. */
function listedOf({ living, entries, listed }: PrincipalOutcome): Difference | undefined {
  for (const [principal, ids] of entries) {
    const theirs = idsOf(living, principal).toSorted();
    const difference =
      compare(
        `What is in the index of ${principal}, of what lives`,
        theirs,
        theirs.filter((id) => ids.includes(id)),
      ) ?? compare(`What list() tells ${principal}`, theirs, (listed.get(principal) ?? []).toSorted());
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function limitOf({ limit }: PrincipalScenario, living: readonly LivingSession[]): Difference | undefined {
  const count = idsOf(living, 'P').length;
  if (limit === undefined || count <= limit.perPrincipal) return undefined;
  return compare('How many sessions of P live', `${limit.perPrincipal} at most`, count);
}

/** What lives is what a login has made theirs that nobody has refused, and that has begun since all were ended. */
function endsOf({ limit }: PrincipalScenario, { living, logins, ends }: PrincipalOutcome): Difference | undefined {
  for (const { id, principal } of living) {
    const made = logins.filter((login) => login.id === id && login.principal === principal && login.outcome === 'in');
    const isGood = made.some((login) => !ends.some((end) => isEnded(login, end)));
    if (principal !== undefined && !isGood) return compare('A session that nobody may have', 'ended', 'alive');
  }
  const isLate = ({ began, outcome }: Login) => outcome === 'conflict' && ends.every(({ ended }) => began > ended);
  // Where there is a limit, others may have taken its place
  const late = ends.length === 0 || limit !== undefined ? undefined : logins.find(isLate);
  return late === undefined ? undefined : compare('A login that began when all was over', 'in', late.outcome);
}

function isEnded(login: Login, { began, except }: EndOfAll): boolean {
  return login.began <= began && login.id !== except;
}

function livingOf({ living: expected }: PrincipalScenario, living: readonly LivingSession[]): Difference | undefined {
  return expected === undefined
    ? undefined
    : compare('How many sessions of P live', expected, idsOf(living, 'P').length);
}

function idsOf(living: readonly LivingSession[], whose: string): readonly string[] {
  return living.flatMap(({ id, principal }) => (principal === whose ? [id] : []));
}
