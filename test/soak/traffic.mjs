// What the clients of the soak do, and what must have come of it.
/* oxlint-disable typescript/prefer-readonly -- JavaScript has no such word */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get, KnownSession, leave } from './browser.mjs';

const BROWSERS = 48;
const AT_ONCE = 24;
const MALFORMED = ['..%2f..%2fx', '%00', 'x'.repeat(3000), '"', 'a.b', '__proto__', '%'];

/** Numbers that look random, and are the same for the same seed. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Clients that use both apps, and keep book of their sessions. */
export class Traffic {
  /** Of each browser; `undefined` for one that has none. */
  #sessions = Array.from({ length: BROWSERS });
  /** Sessions whose browsers have forgotten them. */
  #forgotten = [];
  /** Browser -> the time at which it wakes up. */
  #asleep = new Map();
  #random;
  #world;

  constructor(world, seed) {
    this.#world = world;
    this.#random = randomNumbers(seed);
  }

  /** All sessions that anybody knows of, dead ones included. */
  get known() {
    return [...this.#sessions, ...this.#forgotten].filter((session) => session !== undefined);
  }

  /** How many of them live. */
  get living() {
    return this.known.filter((session) => session.lives(this.#now)).length;
  }

  /** Lets about half of the browsers do something, all at once, and strangers beside them; then time goes on. */
  async round() {
    const first = this.#random(BROWSERS);
    const turns = Array.from({ length: AT_ONCE }, (_, index) => this.#act((first + index) % BROWSERS));
    await Promise.all([...turns, this.#stranger(), this.#stranger(), this.#aborted()]);
    await this.#world.calm();
    this.#world.clock.advance(4_000 + this.#random(8_000));
    await this.#world.calm();
    this.#forgotten = this.#forgotten.filter((session) => session.lives(this.#now));
  }

  get #now() {
    return this.#world.clock.now();
  }

  get #origin() {
    return this.#world.apps[this.#random(2)].origin;
  }

  async #act(browser) {
    if ((this.#asleep.get(browser) ?? 0) > this.#now) return;
    this.#asleep.delete(browser);
    const session = this.#sessions[browser];
    if (session === undefined) {
      this.#sessions[browser] = await this.#begin();
    } else if (session.lives(this.#now)) {
      this.#sessions[browser] = await this.#use(session, browser);
    } else {
      await session.check(this.#origin, this.#now);
      this.#sessions[browser] = undefined;
    }
  }

  async #begin() {
    const presented = [undefined, MALFORMED[this.#random(MALFORMED.length)], unknown()][this.#random(3)];
    const { status, handed } = await get(this.#origin, '/set?nonce=x&n=0', presented);
    strictEqual(status, 200);
    ok(handed, 'a first change was handed no cookie');
    const session = new KnownSession(handed, this.#now);
    session.changed(this.#now, { nonce: 'x', n: '0' });
    return session;
  }

  /** @returns what the browser has afterwards */
  async #use(session, browser) {
    const now = this.#now;
    switch (this.#random(12)) {
      case 0:
        this.#asleep.set(browser, now + this.#random(300_000));
        return session;
      case 1:
        this.#forgotten.push(session);
        return undefined;
      case 2:
        return this.#logout(session);
      case 3:
        return this.#login(session);
      case 4:
        return this.#count(session);
      case 5:
        return this.#take(session);
      case 6:
        return this.#leave(session);
      case 7:
      case 8:
        return this.#setInParallel(session);
      default:
        await session.check(this.#origin, now);
        return session;
    }
  }

  async #logout(session) {
    const { status, handed } = await get(this.#origin, '/logout', session.cookie);
    strictEqual(`${status} ${handed}`, '200 ');
    strictEqual((await get(this.#origin, '/read', session.cookie)).text, '{}');
    return undefined;
  }

  async #login(session) {
    const old = session.cookie;
    const { status, handed } = await get(this.#origin, '/login?user=eva', old);
    strictEqual(status, 200);
    ok(handed && handed !== old, 'a login was handed no new cookie');
    session.renewed(this.#now, handed, { user: 'eva' });
    strictEqual((await get(this.#origin, '/read', old)).text, '{}');
    strictEqual((await get(this.#origin, '/set?user=max', old)).status, 409);
    return session;
  }

  async #count(session) {
    const answers = await Promise.all([1, 2, 3].map(() => get(this.#origin, '/count', session.cookie)));
    deepStrictEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    session.changed(this.#now, { n: Number(session.data.n) + 3 });
    return session;
  }

  async #take(session) {
    const answers = await Promise.all([1, 2].map(() => get(this.#origin, '/take', session.cookie)));
    const taken = answers.filter(({ text }) => text === '{"taken":"x"}').length;
    strictEqual(taken, 'nonce' in session.data ? 1 : 0);
    if (taken === 0) {
      session.used(this.#now);
    } else {
      session.changed(this.#now, {});
      delete session.data.nonce;
    }
    return session;
  }

  async #leave(session) {
    const n = String(this.#random(1000));
    await this.#leaving(`/set-and-wait?n=${n}`, session.cookie);
    session.changed(this.#now, { n });
    return session;
  }

  async #setInParallel(session) {
    const keys = ['a', 'b', 'nonce', 'd'].slice(this.#random(3));
    const value = () => 'x'.repeat(1 + this.#random(200));
    const change = Object.fromEntries(keys.map((key) => [key, key === 'nonce' ? 'x' : value()]));
    const answers = await Promise.all(
      Object.entries(change).map(([key, text]) => get(this.#origin, `/set?${key}=${text}`, session.cookie)),
    );
    for (const { status, handed } of answers) strictEqual(`${status} ${handed}`, '200 undefined');
    session.changed(this.#now, change);
    return session;
  }

  /** Somebody without a session, who only looks. */
  async #stranger() {
    for (const cookie of [undefined, MALFORMED[this.#random(MALFORMED.length)], unknown()]) {
      const { status, text, handed } = await get(this.#origin, '/read', cookie);
      strictEqual(`${status} ${text}`, '200 {}');
      ok(handed === undefined || handed === '', 'a stranger who only looks was handed a cookie');
    }
    strictEqual((await get(this.#origin, '/plain')).text, 'ok');
  }

  /** Somebody who would have got a session, but has gone. */
  #aborted() {
    return this.#leaving('/wait-and-set?n=1', undefined);
  }

  /** Leaves when the server has the request. */
  async #leaving(path, cookie) {
    const { origin, server } = this.#world.apps[this.#random(2)];
    await leave(origin, path, cookie, async () => {
      for (let url = ''; url !== path;) [{ url }] = await once(server, 'request');
    });
  }
}

/** A token as the library makes them, which nobody has issued. */
function unknown() {
  return `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
}
