import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { encrypt } from '../../../src/transformer/encrypt.js';
import { KeyRing } from '../../../src/transformer/key-ring.js';
import { sign } from '../../../src/transformer/sign.js';

const [FIRST, SECOND] = ['a'.repeat(32), 'b'.repeat(32)] as const;
const PURPOSE = 'value sid';

describe.each([
  ['encrypt()', encrypt],
  ['sign()', sign],
])('KeyedTransformer, as %s makes it', (_, make) => {
  it('gets ready with its ring, and goes with it from one set of keys to the next', async () => {
    let keys: readonly string[] = [FIRST];
    const ring = new KeyRing(async () => keys);
    const asked = make(ring);
    await asked.ready?.();
    const old = asked.seal(Buffer.from('text'), PURPOSE);
    expect(asked.open(old, PURPOSE)?.outdated).toBe(false);
    keys = [SECOND, FIRST];
    await ring.refresh();
    expect(asked.open(old, PURPOSE)?.outdated).toBe(true);
    keys = [SECOND];
    await ring.refresh();
    expect(asked.open(old, PURPOSE)).toBeUndefined();
  });

  it('refuses keys that are none, without the key in the message', () => {
    expect(() => make([])).toThrow(TypeError);
    expect(() => make(['hunter2'])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  it('shows no key to whoever inspects it', () => {
    const transformer = make([FIRST]);
    transformer.seal(Buffer.from('text'), PURPOSE);
    const shown = inspect(transformer, { depth: 10, showHidden: true }) + JSON.stringify(transformer);
    expect(shown).not.toContain('aaaa');
  });
});
