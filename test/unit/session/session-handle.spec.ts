import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { SessionHandle, type SessionWork } from '../../../src/session/session-handle.js';

/** Stands behind a handle with a secret and data of its own, which nobody may see through the handle. */
function work() {
  const token = 'THE-SECRET';
  return {
    token,
    name: 'sid',
    id: 'public-id',
    isNew: false,
    createdAt: new Date(1000),
    expiresAt: new Date(2000),
    data: { card: 'THE-DATA' } as Record<string, unknown>,
    save: vi.fn(async () => undefined),
    reload: vi.fn(async () => undefined),
    regenerate: vi.fn(async () => undefined),
    destroy: vi.fn(async () => undefined),
    update: vi.fn(async () => ({ updated: true })),
    take: vi.fn(async () => 'taken'),
  };
}

const handleOf = (behind: ReturnType<typeof work>): SessionHandle<Record<string, unknown>> =>
  new SessionHandle<Record<string, unknown>>(behind as object as SessionWork<Record<string, unknown>>);

describe('SessionHandle', () => {
  it('shows the facts and the data of the session behind it', () => {
    const behind = work();
    const handle = handleOf(behind);
    expect([handle.id, handle.isNew, handle.createdAt, handle.expiresAt]).toEqual([
      'public-id',
      false,
      new Date(1000),
      new Date(2000),
    ]);
    expect(handle.data).toBe(behind.data);
    const other = { other: 1 };
    handle.data = other;
    expect(behind.data).toBe(other);
  });

  it('hands every verb on, with its arguments and its result', async () => {
    const behind = work();
    const handle = handleOf(behind);
    const change = (): void => undefined;
    await Promise.all([handle.save(), handle.reload(), handle.destroy(), handle.regenerate({ keep: 'none' })]);
    expect(await handle.update(change)).toEqual({ updated: true });
    expect(await handle.take('card')).toBe('taken');
    for (const verb of ['save', 'reload', 'destroy'] as const) expect(behind[verb]).toHaveBeenCalledExactlyOnceWith();
    expect(behind.regenerate).toHaveBeenCalledExactlyOnceWith({ keep: 'none' });
    expect(behind.update).toHaveBeenCalledExactlyOnceWith(change);
    expect(behind.take).toHaveBeenCalledExactlyOnceWith('card');
  });

  const views: Record<string, (handle: object) => string> = {
    'inspect()': (handle) => inspect(handle, { depth: Infinity, showHidden: true, getters: true }),
    'inspect() in an object': (handle) =>
      inspect({ handle, list: [handle] }, { depth: Infinity, showHidden: true, getters: true }),
    'inspect() without its custom form': (handle) =>
      inspect(handle, { depth: Infinity, showHidden: true, customInspect: false }),
    'JSON.stringify()': (handle) => JSON.stringify({ handle }),
    'its own keys': (handle) =>
      inspect(Object.getOwnPropertyDescriptors(handle), { depth: Infinity, showHidden: true }),
    'a copy': (handle) => inspect({ ...handle }, { depth: Infinity, showHidden: true }),
    'a text': (handle) => `${handle}`,
  };

  it.each(Object.entries(views))('shows neither secret nor data through %s', (_, view) => {
    const text = view(handleOf(work()));
    expect(text).not.toMatch(/THE-SECRET|THE-DATA|card|token/);
  });

  it('shows its public facts', () => {
    const handle = handleOf(work());
    const facts = { name: 'sid', id: 'public-id', isNew: false };
    expect(JSON.parse(JSON.stringify(handle))).toEqual({
      ...facts,
      createdAt: '1970-01-01T00:00:01.000Z',
      expiresAt: '1970-01-01T00:00:02.000Z',
    });
    expect(inspect(handle)).toMatch(/^Session \{[^]*name: 'sid'[^]*id: 'public-id'/);
  });
});
