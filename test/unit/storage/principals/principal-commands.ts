import fc from 'fast-check';
import {
  EPOCH_MEMORY,
  type AddOptions,
  type PrincipalIndex,
} from '../../../../src/storage/principals/principal-index.js';

/** Something that may happen to an index: one of its calls, a sweep, or time that passes. */
export type PrincipalCommand =
  | {
      readonly verb: 'add';
      readonly principal: string;
      readonly id: string;
      readonly life: number;
      readonly options: Omit<AddOptions, 'expiresAt'>;
    }
  | { readonly verb: 'holds'; readonly principal: string; readonly id: string; readonly ago: number }
  | { readonly verb: 'remove'; readonly principal: string; readonly id: string }
  | { readonly verb: 'entries'; readonly principal: string }
  | { readonly verb: 'raiseEpoch'; readonly principal: string; readonly except: string | undefined }
  | { readonly verb: 'sweep' }
  | { readonly verb: 'pass'; readonly time: number };

const principal = fc.constantFrom('p', 'q');
const id = fc.constantFrom('a', 'b', 'c');
const age = fc.oneof(
  { weight: 8, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.constantFrom(EPOCH_MEMORY - 1, EPOCH_MEMORY, EPOCH_MEMORY + 1) },
);
const life = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1, max: 6 }) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
);

/** Any of them, most of them where they meet: few names, and instants that are close to each other. */
export const anyCommand: fc.Arbitrary<PrincipalCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant('add' as const),
      principal,
      id,
      life,
      options: fc.record({ begunAgo: age, limit: fc.constantFrom(undefined, 1, 2) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('holds' as const), principal, id, ago: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('remove' as const), principal, id }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('entries' as const), principal }) },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('raiseEpoch' as const),
      principal,
      except: fc.option(id, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('sweep' as const) }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant('pass' as const), time: age }) },
);

/** What an index answers to a command, at an instant. */
export async function answer(index: PrincipalIndex, command: PrincipalCommand, now: number): Promise<unknown> {
  switch (command.verb) {
    case 'add':
      return index.add(command.principal, command.id, { ...command.options, expiresAt: now + command.life });
    case 'holds':
      return index.holds(command.principal, command.id, now - command.ago);
    case 'remove':
      return index.remove(command.principal, command.id);
    case 'entries':
      return index.entries(command.principal);
    case 'raiseEpoch':
      return index.raiseEpoch(command.principal, command.except);
    default:
      return undefined;
  }
}
