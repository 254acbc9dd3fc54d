// One client of the soak: it knows what its session must hold, and until when it lives.
import { deepStrictEqual, strictEqual } from 'node:assert';
import { Agent, request } from 'node:http';
import { ABSOLUTE, IDLE, TOUCH_AFTER } from './apps.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** How many requests were sent. */
export const sent = { count: 0 };

export function hangUp() {
  agent.destroy();
}

/** How many connections clients keep. */
export function connections() {
  return [agent.sockets, agent.freeSockets].flatMap((kept) => Object.values(kept)).flat().length;
}

/** Sends a request and reads its answer: the status, the body, and the value of `sid` if one was handed out (empty: cleared). */
export async function get(origin, path, cookie) {
  sent.count++;
  const headers = cookie === undefined ? {} : { cookie: `sid=${cookie}` };
  const message = await new Promise((resolve, reject) => {
    request(new URL(path, origin), { agent, headers }, resolve).once('error', reject).end();
  });
  let text = '';
  for await (const chunk of message.setEncoding('utf8')) text += chunk;
  const [line] = message.headers['set-cookie'] ?? [];
  return { status: message.statusCode, text, handed: line && /^sid=([^;]*)/.exec(line)[1] };
}

/** Sends a request on a connection of its own, and leaves when `arrived` says so. */
export async function leave(origin, path, cookie, arrived) {
  sent.count++;
  const headers = cookie === undefined ? {} : { cookie: `sid=${cookie}` };
  const outgoing = request(new URL(path, origin), { agent: false, headers });
  const closed = new Promise((resolve) => outgoing.once('close', resolve));
  outgoing.on('error', () => {}).end();
  await arrived();
  outgoing.destroy();
  await closed;
}

/** A session as its client knows it. */
export class KnownSession {
  data = {};
  #idle = 0;
  #absolute;

  constructor(cookie, now) {
    this.cookie = cookie;
    this.#absolute = now + ABSOLUTE;
    this.#idle = now + IDLE;
  }

  lives(now) {
    return now < Math.min(this.#idle, this.#absolute);
  }

  /** A use that changed nothing: it moves the deadline when a touch is due. */
  used(now) {
    if (this.#idle < this.#absolute && now + IDLE - this.#idle >= TOUCH_AFTER) this.#idle = now + IDLE;
  }

  changed(now, change) {
    Object.assign(this.data, change);
    this.#idle = now + IDLE;
  }

  renewed(now, cookie, change) {
    this.cookie = cookie;
    this.changed(now, change);
    this.#absolute = now + ABSOLUTE;
  }

  /** Asks for its data; throws unless that is what it must be. */
  async check(origin, now) {
    const { status, text, handed } = await get(origin, '/read', this.cookie);
    strictEqual(`${status} ${handed}`, '200 undefined');
    deepStrictEqual(JSON.parse(text), this.lives(now) ? this.data : {});
    if (this.lives(now)) this.used(now);
  }
}
