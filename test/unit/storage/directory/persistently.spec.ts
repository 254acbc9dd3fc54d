import { describe, expect, it } from 'vitest';
import { persistently } from '../../../../src/storage/directory/persistently.js';

/** A call of the file system that is refused so many times with a code, and then done. */
function refusedTimes(times: number, code: string) {
  const calls: string[] = [];
  const call = async (path: string): Promise<string> => {
    calls.push(path);
    if (calls.length <= times) throw Object.assign(new Error('refused'), { code });
    return 'done';
  };
  return { call, calls };
}

describe('persistently() on Windows', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('tries again after %s, with the same arguments', async (code) => {
    const { call, calls } = refusedTimes(3, code);
    expect(await persistently(call, 'win32')('x')).toBe('done');
    expect(calls).toEqual(['x', 'x', 'x', 'x']);
  });

  it('passes on at once what is an answer', async () => {
    const { call, calls } = refusedTimes(1, 'ENOENT');
    await expect(persistently(call, 'win32')('x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(calls).toHaveLength(1);
  });

  it('gives up after about a second', async () => {
    const { call, calls } = refusedTimes(Infinity, 'EBUSY');
    await expect(persistently(call, 'win32')('x')).rejects.toMatchObject({ code: 'EBUSY' });
    expect(calls).toHaveLength(11);
  });
});

describe('persistently() elsewhere', () => {
  it('passes everything on at once', async () => {
    for (const platform of ['linux', 'darwin'] as const) {
      const { call, calls } = refusedTimes(1, 'EBUSY');
      await expect(persistently(call, platform)('x')).rejects.toMatchObject({ code: 'EBUSY' });
      expect(calls).toHaveLength(1);
    }
  });
});
