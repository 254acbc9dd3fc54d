import { describe, expect, it } from 'vitest';
import { assertPrincipal } from '../../../../src/storage/principals/assert-principal.js';

describe('assertPrincipal()', () => {
  it('takes what may be an id', () => {
    for (const text of ['a', 'A-_9', 'x'.repeat(255)]) expect(() => assertPrincipal(text)).not.toThrow();
  });

  it('refuses everything else, without quoting it', () => {
    for (const text of ['', 'secret@example.com', 'x'.repeat(256), 'a\n']) {
      expect(() => assertPrincipal(text)).toThrow(
        new TypeError('Cannot use principal: it must be 1 to 255 characters of [A-Za-z0-9_-]'),
      );
    }
  });
});
