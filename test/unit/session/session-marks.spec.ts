import { describe, expect, it } from 'vitest';
import { isMarked, NO_MARKS, sameMarks, SessionMarks, type Marks } from '../../../src/session/session-marks.js';

/** What `marks` are, and what of them is to be stored. */
const told = (marks: SessionMarks) => ({
  principal: marks.principal,
  label: marks.label,
  changes: marks.changes,
});

describe('SessionMarks', () => {
  it('are as they are stored, and nothing is to be stored', () => {
    expect(told(new SessionMarks({ principal: 'eva', label: 'Firefox' }))).toEqual({
      principal: 'eva',
      label: 'Firefox',
      changes: NO_MARKS,
    });
    expect(new SessionMarks(NO_MARKS).principal).toBeUndefined();
  });

  it('change() changes one, and leaves the other', () => {
    const marks = new SessionMarks({ principal: 'eva', label: 'Firefox' });
    marks.change({ label: 'Safari' });
    expect(told(marks)).toEqual({ principal: 'eva', label: 'Safari', changes: { label: 'Safari' } });
    marks.change({ principal: 'adam' });
    expect(marks.changes).toStrictEqual({ principal: 'adam', label: 'Safari' });
  });

  it('change() takes undefined for the removal of what is stored', () => {
    const marks = new SessionMarks({ principal: 'eva' });
    marks.change({ principal: undefined });
    expect(marks.principal).toBeUndefined();
    expect(marks.changes).toStrictEqual({ principal: undefined });
  });

  it.each<[what: string, stored: Marks, change: Marks]>([
    ['what is stored', { principal: 'eva' }, { principal: 'eva' }],
    ['the removal of what is not there', NO_MARKS, { principal: undefined, label: undefined }],
  ])('change() to %s is none, also after another', (_, stored, change) => {
    const marks = new SessionMarks(stored);
    marks.change(change);
    expect(marks.changes).toBe(NO_MARKS);
    marks.change({ principal: 'adam', label: 'x' });
    marks.change({ label: undefined, ...change });
    expect(marks.changes).toBe(NO_MARKS);
  });

  it.each(['principal', 'label'] as const)('change() refuses a %s that is no text of 1 to 255 characters', (name) => {
    const marks = new SessionMarks({ [name]: 'before' });
    for (const wrong of ['', 'x'.repeat(256), 5, null, {}, ['a'], Symbol('s'), true]) {
      expect(() => marks.change({ [name]: wrong })).toThrow(
        new TypeError(`Cannot set ${name} of session: it must be a text of 1 to 255 characters, or undefined`),
      );
    }
    expect(marks.changes).toBe(NO_MARKS);
    for (const right of ['x', 'x'.repeat(255), ' ', '\n', '\ud800', undefined]) marks.change({ [name]: right });
  });

  it('change() changes nothing when one of two is refused', () => {
    const marks = new SessionMarks(NO_MARKS);
    expect(() => marks.change({ principal: 'eva', label: '' })).toThrow(TypeError);
    expect(marks.changes).toBe(NO_MARKS);
  });

  it('reset() takes what is stored, and drops what was to be', () => {
    const marks = new SessionMarks({ principal: 'eva' });
    marks.change({ principal: 'adam', label: 'x' });
    marks.reset({ label: 'y' });
    expect(told(marks)).toEqual({ principal: undefined, label: 'y', changes: NO_MARKS });
  });

  describe('rebase()', () => {
    it('takes over what was stored', () => {
      const marks = new SessionMarks({ principal: 'eva' });
      marks.change({ principal: 'adam' });
      const { changes } = marks;
      marks.rebase({ principal: 'adam', label: 'of another request' }, changes);
      expect(told(marks)).toEqual({ principal: 'adam', label: 'of another request', changes: NO_MARKS });
    });

    it('takes over what others have stored where nothing was changed', () => {
      const marks = new SessionMarks({ principal: 'eva', label: 'x' });
      marks.rebase({ principal: 'adam' }, NO_MARKS);
      expect(told(marks)).toEqual({ principal: 'adam', label: undefined, changes: NO_MARKS });
    });

    it('leaves what was changed since it was taken to be stored', () => {
      const marks = new SessionMarks(NO_MARKS);
      marks.change({ principal: 'eva' });
      const { changes } = marks;
      marks.change({ principal: 'adam', label: 'x' });
      marks.rebase({ principal: 'eva' }, changes);
      expect(told(marks)).toEqual({ principal: 'adam', label: 'x', changes: { principal: 'adam', label: 'x' } });
    });

    it('leaves what was not taken to be stored', () => {
      const marks = new SessionMarks({ principal: 'eva' });
      marks.change({ principal: 'adam' });
      marks.rebase({ principal: 'eva', label: 'of another request' }, NO_MARKS);
      expect(told(marks)).toEqual({
        principal: 'adam',
        label: 'of another request',
        changes: { principal: 'adam' },
      });
    });

    it('leaves what was changed back since it was taken to be stored', () => {
      const marks = new SessionMarks({ label: 'x' });
      marks.change({ principal: 'eva', label: 'y' });
      const { changes } = marks;
      marks.change({ principal: undefined, label: 'x' });
      marks.rebase({ principal: 'eva', label: 'y' }, changes);
      expect(told(marks)).toEqual({
        principal: undefined,
        label: 'x',
        changes: { principal: undefined, label: 'x' },
      });
    });

    it('wants nothing back that another has changed after it was stored', () => {
      const marks = new SessionMarks(NO_MARKS);
      marks.change({ principal: 'eva' });
      marks.rebase({ principal: 'adam' }, marks.changes);
      expect(told(marks)).toEqual({ principal: 'adam', label: undefined, changes: NO_MARKS });
    });

    it('wants nothing that is stored by then', () => {
      const marks = new SessionMarks(NO_MARKS);
      marks.change({ principal: 'eva' });
      marks.rebase({ principal: 'eva' }, NO_MARKS);
      expect(marks.changes).toBe(NO_MARKS);
    });
  });
});

describe('sameMarks()', () => {
  it.each<[one: Marks, other: Marks, same: boolean]>([
    [NO_MARKS, NO_MARKS, true],
    [{ principal: 'a' }, { principal: 'a' }, true],
    [{ principal: 'a' }, { principal: 'b' }, false],
    [{ principal: 'a' }, { label: 'a' }, false],
    [{ principal: 'a', label: 'x' }, { principal: 'a' }, false],
    [{ label: 'x' }, { label: 'y' }, false],
    // To remove one is not to leave it
    [{ principal: undefined }, NO_MARKS, false],
    [{ principal: undefined }, { principal: undefined }, true],
  ])('of %o and %o is %s', (one, other, same) => {
    expect(sameMarks(one, other)).toBe(same);
    expect(sameMarks(other, one)).toBe(same);
  });
});

describe('isMarked()', () => {
  it.each<[marks: Marks, changes: Marks, is: boolean]>([
    [{ principal: 'a', label: 'x' }, NO_MARKS, true],
    [{ principal: 'a', label: 'x' }, { principal: 'a' }, true],
    [{ principal: 'a', label: 'x' }, { label: 'y' }, false],
    [{ principal: 'a' }, { principal: undefined }, false],
    [NO_MARKS, { principal: undefined }, true],
    [NO_MARKS, { principal: 'a' }, false],
  ])('%o by %o: %s', (marks, changes, is) => {
    expect(isMarked(marks, changes)).toBe(is);
  });
});
