import { encrypt } from '../transformer/encrypt.js';
import { brokenKeyRule, KeyRing } from '../transformer/key-ring.js';
import type { SessionTransformer } from '../transformer/session-transformer.js';
import { sign } from '../transformer/sign.js';
import { at, outOfRange, wrongType, type OptionPath } from './option-checks.js';
import type { SessionSettings } from './sessions-options.js';

/**
 * Checks how what travels is made safe: by the transformers that are given; or with `keys` alone, a token is signed and a
 * session by value is encrypted.
 *
 * @param isClientSide whether the session itself travels: then the last transformer has to authenticate
 * @returns in the order of sealing; an empty list for a token that travels as it is
 * @throws {TypeError | RangeError} naming the option and the cure
 */
export function transformersOf(
  { keys, transformers }: Pick<SessionSettings, 'keys' | 'transformers'>,
  isClientSide: boolean,
  path: OptionPath,
): readonly SessionTransformer[] {
  const here = at(path, 'transformers');
  if (keys !== undefined && transformers !== undefined) {
    throw wrongType(at(path, 'keys'), 'must not be given with transformers: give them to encrypt() or sign()', 'both');
  }
  if (transformers !== undefined) assertTransformers(transformers, here);
  const chain = transformers ?? fromKeys(keys, isClientSide, at(path, 'keys'));
  const last = chain.at(-1);
  if (!isClientSide || last?.authenticates === true) return Object.freeze([...chain]);
  const cure =
    'must end with one that authenticates, as encrypt(keys) and sign(keys) do, with clientSide: or give keys';
  throw wrongType(here, cure, last === undefined ? undefined : 'one that does not');
}

function fromKeys(
  keys: SessionSettings['keys'],
  isClientSide: boolean,
  path: OptionPath,
): readonly SessionTransformer[] {
  if (keys === undefined) return [];
  const broken = keys instanceof KeyRing ? undefined : brokenKeyRule(keys);
  if (broken !== undefined) {
    throw (broken.isShort ? outOfRange : wrongType)(`${path}${broken.at}`, broken.cure, broken.received);
  }
  return [isClientSide ? encrypt(keys) : sign(keys)];
}

function assertTransformers(transformers: unknown, path: OptionPath): asserts transformers is SessionTransformer[] {
  if (!Array.isArray(transformers)) throw wrongType(path, 'must be an array', typeof transformers);
  transformers.forEach((one: unknown, index) => {
    const given = one as Partial<SessionTransformer> | undefined | null;
    const isOne =
      typeof given?.seal === 'function' && typeof given.open === 'function' && typeof given.authenticates === 'boolean';
    if (!isOne) throw wrongType(`${path}[${index}]`, 'must have seal(), open() and authenticates', typeof one);
  });
}
