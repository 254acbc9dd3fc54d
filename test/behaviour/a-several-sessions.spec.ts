import type { SessionsOptions } from 'nest-sessions';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../support/client.js';
import type { CountingStorage } from '../support/counting-storage.js';
import { cells, type Cell } from '../support/matrix.js';
import type { Call, Routes } from '../support/routes.js';
import { start, type World } from '../support/world.js';

class User {
  name?: string;
}

class Cart {
  items: string[] = [];
}

class Device {
  model = 'unknown';
}

class Draft {
  text = '';
}

const keys = ['k'.repeat(32)];

/** By id and by value, in a cookie and in a header; by class and by name; what is stored shares one storage. */
const options = (storage: CountingStorage): SessionsOptions => ({
  sessions: [
    { type: User, name: 'user', storage },
    { type: Cart, name: 'cart', clientSide: { revocation: storage }, keys },
    { type: Device, name: 'device', header: 'x-device', storage },
    { type: Draft, name: 'draft', header: { name: 'x-draft', scheme: 'Sealed' }, clientSide: true, keys },
  ],
});

const names = ['user', 'cart', 'device', 'draft'] as const;
type Name = (typeof names)[number];

const all = [User, 'cart', Device, 'draft'] as const;
const change = (call: Call, value: string): void => {
  const [user, cart, device, draft] = call.sessions.map(({ data }) => data) as unknown as [User, Cart, Device, Draft];
  user.name = value;
  cart.items.push(value);
  device.model = value;
  draft.text = value;
};

const routes: Routes = {
  all: { sessions: all, run: ({ sessions }) => sessions.map(({ data }) => data) },
  ids: { sessions: all, run: ({ sessions }) => sessions.map(({ id }) => id) },
  change: { sessions: all, run: (call) => change(call, call.request.query['to'] ?? '') },
  destroy: { sessions: all, run: ({ sessions, request }) => sessions[Number(request.query['at'])]!.destroy() },
  regenerate: { sessions: all, run: ({ sessions, request }) => sessions[Number(request.query['at'])]!.regenerate() },
};

/** A client that keeps cookies and both headers. */
class Everything {
  readonly #app: World;
  readonly values = new Map<string, string>();

  constructor(app: World) {
    this.#app = app;
  }

  async get(path: string): Promise<Answer> {
    const cookies = ['user', 'cart'].filter((name) => this.values.has(name));
    const headers = ['x-device', 'x-draft'].filter((name) => this.values.has(name));
    const answer = await this.#app.client().get(path, {
      cookie: cookies.map((name) => `${name}=${this.values.get(name)}`).join('; '),
      headers: Object.fromEntries(headers.map((name) => [name, this.values.get(name)])),
    });
    for (const { name, value, isCleared } of answer.setCookies) this.#keep(name, isCleared ? '' : value);
    for (const name of ['x-device', 'x-draft']) {
      const value = answer.headers[name];
      if (value !== undefined) this.#keep(name, String(value));
    }
    return answer;
  }

  async json(path: string): Promise<unknown> {
    return JSON.parse((await this.get(path)).text) as unknown;
  }

  #keep(name: string, value: string): void {
    if (value === '') this.values.delete(name);
    else this.values.set(name, value);
  }
}

/** What was handed out, or cleared, by one answer. */
function told({ setCookies, headers }: Answer): readonly string[] {
  const inHeaders = ['device', 'draft'].filter((name) => headers[`x-${name}`] !== undefined);
  return [...setCookies.map(({ name }) => name), ...inHeaders].toSorted();
}

const fresh: readonly object[] = [{}, { items: [] }, { model: 'unknown' }, { text: '' }];
const changed: readonly object[] = [{ name: 'one' }, { items: ['one'] }, { model: 'one' }, { text: 'one' }];

describe.each(cells)('%s', (_, cell: Cell) => {
  async function client(): Promise<{ app: World; everything: Everything }> {
    const app = await start(cell, { routes, options });
    return { app, everything: new Everything(app) };
  }

  it('A18: four kinds in one request: each travels its own way, and is kept its own way', async () => {
    const { app, everything } = await client();
    expect(await everything.json('/all')).toEqual(fresh);
    expect(everything.values.size).toBe(0);
    const answer = await everything.get('/change?to=one');
    expect(told(answer)).toEqual([...names].toSorted());
    expect(answer.headers['x-draft']).toMatch(/^Sealed [\w-]{64,}$/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(app.counts.writtenIds).toHaveLength(2);
    const again = await everything.get('/all');
    expect(JSON.parse(again.text)).toEqual(changed);
    expect(again.headers['vary']?.toLowerCase().split(/, */)).toEqual(
      expect.arrayContaining(['cookie', 'x-device', 'x-draft']),
    );
    expect(told(again)).toEqual([]);
  });

  it.each(names)('A18: %s is destroyed, and the others are as they were', async (name: Name) => {
    const { everything } = await client();
    await everything.get('/change?to=one');
    const at = names.indexOf(name);
    expect(told(await everything.get(`/destroy?at=${at}`))).toEqual([name]);
    expect(await everything.json('/all')).toEqual(changed.with(at, fresh[at]!));
  });

  it.each(names)('A18: %s is regenerated, and the others are as they were', async (name: Name) => {
    const { everything } = await client();
    await everything.get('/change?to=one');
    const before = (await everything.json('/ids')) as string[];
    const at = names.indexOf(name);
    expect(told(await everything.get(`/regenerate?at=${at}`))).toEqual([name]);
    expect(await everything.json('/all')).toEqual(changed);
    const after = (await everything.json('/ids')) as string[];
    // By value a new value is a new id
    expect(after.filter((id, index) => id !== before[index])).toHaveLength(at % 2);
  });

  it('A18: a value of one presented as another is none', async () => {
    const { app, everything } = await client();
    await everything.get('/change?to=one');
    const { values } = everything;
    const swapped = new Everything(app);
    swapped.values.set('cart', values.get('x-draft')!.slice('Sealed '.length));
    swapped.values.set('x-draft', `Sealed ${values.get('cart')}`);
    swapped.values.set('user', values.get('x-device')!);
    swapped.values.set('x-device', values.get('user')!);
    expect(await swapped.json('/all')).toEqual(fresh);
  });

  it('A18: they are loaded at the same time', async () => {
    const { app, everything } = await client();
    await everything.get('/change?to=one');
    const held = app.gate.hold('before read');
    app.counts.forget();
    const answer = everything.get('/all');
    await held.reached;
    // The record of the user waits, while the others have been asked for
    expect(app.counts.count('read')).toBe(3);
    held.release();
    expect(JSON.parse((await answer).text)).toEqual(changed);
  });
});
