import type { RawResponse } from './gate-hooks.js';
import { keeperOf, type Gatekeeper } from './gate-registry.js';
import { progressAccessors } from './gate-progress.js';
import type { GatedName } from './held-calls.js';

type RawFunction = (this: RawResponse, first?: unknown, second?: unknown, third?: unknown) => unknown;
type Functions = Record<GatedName, RawFunction>;
type Listen = (this: RawResponse, event: unknown, listener: () => void) => unknown;

/** Holds the functions of a response as they were before the gate. */
export type RawFunctions = Readonly<Functions>;

/** Says what stood on a response, and how to let it tell its progress. */
export interface Installation {
  readonly raw: RawFunctions;
  /** What a held response still needs to tell its progress; `undefined` when its prototype does. */
  readonly accessors: PropertyDescriptorMap | undefined;
}

interface Layer extends Installation {
  /** What goes between a response and its prototype; `undefined` when the functions go on the response itself. */
  readonly between: object | undefined;
}

// One set of functions for all responses: closures for each cost 40 % of a hello world.
const gated: RawFunctions = {
  writeHead(status, reason, fields) {
    return keeper(this).writeHead(status, reason, fields);
  },
  write(chunk, encoding, callback) {
    return keeper(this).write(chunk, encoding, callback);
  },
  end(chunk, encoding, callback) {
    return keeper(this).end(chunk, encoding, callback);
  },
  flushHeaders() {
    return keeper(this).flushHeaders();
  },
};
const names = Object.keys(gated) as readonly GatedName[];
const layers = new WeakMap<object, Layer>();

/**
 * Puts the functions of the gate on a response, outside of all that stand there. Functions that are put there later stand
 * outside of these.
 */
export function installGate(response: RawResponse): Installation {
  const layer = layerOf(Object.getPrototypeOf(response) as object);
  const functions = response as unknown as Functions;
  const own = names.filter((name) => Object.hasOwn(response, name));
  const raw = own.length === 0 ? layer.raw : { ...layer.raw, ...pick(functions, own) };

  if (layer.between) {
    Object.setPrototypeOf(response, layer.between);
    for (const name of own) functions[name] = gated[name];
  } else {
    functions.writeHead = gated.writeHead;
    functions.write = gated.write;
    functions.end = gated.end;
    functions.flushHeaders = gated.flushHeaders;
  }
  watchDrain(response, 'on');
  watchDrain(response, 'addListener');
  return raw === layer.raw ? layer : { raw, accessors: layer.accessors };
}

function layerOf(prototype: object): Layer {
  let layer = layers.get(prototype);
  if (!layer) layers.set(prototype, (layer = makeLayer(prototype)));
  return layer;
}

/**
 * Where the functions go is a matter of hidden classes. V8 shares none behind a prototype that was swapped, as Express
 * does: properties of a response's own cost 15 us more there than one more swap, and 25 us more when calls are held. On the
 * response of a class, as Node's own, they cost 1 us and the swap 14 us. The price of the swap: an Express application
 * that is mounted in another replaces the prototype, and what it sends passes the gate; the keeper reports that.
 */
function makeLayer(prototype: object): Layer {
  const raw = pick(prototype as Functions, names);
  const accessors = progressAccessors(prototype);
  if (Object.hasOwn(prototype, 'constructor')) return { raw, accessors, between: undefined };

  const between = Object.create(prototype, accessors) as object;
  for (const name of names) {
    Object.defineProperty(between, name, { value: gated[name], writable: true, configurable: true });
  }
  return { raw, accessors: undefined, between };
}

function pick(functions: Functions, picked: readonly GatedName[]): Functions {
  return Object.fromEntries(picked.map((name) => [name, functions[name]])) as Functions;
}

/** Somebody who replaced `on()` may move listeners for `drain` to where an event of the response does not reach them. */
function watchDrain(response: RawResponse, name: 'on' | 'addListener'): void {
  if (!Object.hasOwn(response, name)) return;
  const listen = response[name] as Listen;
  const watched: Listen = function (event, listener) {
    if (event === 'drain') keeperOf(this)?.awaitsDrain(listener);
    return listen.call(this, event, listener);
  };
  Object.assign(response, { [name]: watched });
}

function keeper(response: RawResponse): Gatekeeper {
  return keeperOf(response) as Gatekeeper;
}
