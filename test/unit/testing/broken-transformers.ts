import { createHmac, randomBytes } from 'node:crypto';
import { GoodTransformer } from './good-transformer.js';

/** A way to break the contract, and the case that shows it. */
export interface BrokenTransformer {
  readonly what: string;
  readonly shownBy: string;
  readonly type: new (keys: readonly string[]) => GoodTransformer;
}

const REFUSED = 'open() gives undefined for ';

/** Each breaks one thing. */
export const brokenTransformers: readonly BrokenTransformer[] = [
  {
    what: 'says that it does not authenticate',
    shownBy: 'authenticates is true',
    type: class extends GoodTransformer {
      override readonly authenticates = false;
    },
  },
  {
    what: 'keeps 255 bytes at most',
    shownBy: 'open() gives back what was sealed, of every length from 0 to 300 bytes',
    type: class extends GoodTransformer {
      protected override padded(bytes: Uint8Array) {
        return super.padded(bytes.subarray(0, 255));
      }
    },
  },
  {
    what: 'keeps 4 KiB at most',
    shownBy: 'open() gives back what was sealed, up to 5,000 bytes',
    type: class extends GoodTransformer {
      protected override padded(bytes: Uint8Array) {
        return super.padded(bytes.subarray(0, 4096));
      }
    },
  },
  {
    what: 'keeps text',
    shownBy: 'open() gives back every value of a byte, wherever it is',
    type: class extends GoodTransformer {
      protected override padded(bytes: Uint8Array) {
        return super.padded(Buffer.from(Buffer.from(bytes).toString()));
      }
    },
  },
  {
    what: 'takes zeros off the end',
    shownBy: 'open() gives back bytes that end like a padding',
    type: class extends GoodTransformer {
      protected override unpadded(bytes: Uint8Array) {
        const whole = super.unpadded(bytes);
        return whole.slice(0, whole.findLastIndex((byte) => byte !== 0) + 1);
      }
    },
  },
  {
    what: 'opens each once',
    shownBy: 'open() gives back what was sealed before, in any order, and as often as it is asked',
    type: class extends GoodTransformer {
      readonly #opened = new Set<string>();

      override open(bytes: Uint8Array, purpose: string) {
        const text = Buffer.from(bytes).toString('hex');
        if (this.#opened.has(text)) return undefined;
        this.#opened.add(text);
        return super.open(bytes, purpose);
      }
    },
  },
  {
    what: 'opens what it sealed last',
    shownBy: 'open() gives back what was sealed before, in any order, and as often as it is asked',
    type: class extends GoodTransformer {
      #last: Uint8Array = new Uint8Array();

      protected override nonce() {
        this.#last = super.nonce();
        return this.#last;
      }

      override open(bytes: Uint8Array, purpose: string) {
        const isLast = Buffer.compare(bytes.subarray(0, this.#last.length), this.#last) === 0;
        return isLast ? super.open(bytes, purpose) : undefined;
      }
    },
  },
  {
    what: 'calls everything outdated',
    shownBy: 'open() does not call outdated what was sealed just now',
    type: class extends GoodTransformer {
      protected override isOutdated() {
        return true;
      }
    },
  },
  {
    what: 'seals the whole buffer that bytes are in',
    shownBy: 'seal() and open() take bytes that are a part of others',
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        return super.seal(new Uint8Array(bytes.buffer), purpose);
      }
    },
  },
  {
    what: 'opens the whole buffer that bytes are in',
    shownBy: 'seal() and open() take bytes that are a part of others',
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        return super.open(new Uint8Array(bytes.buffer), purpose);
      }
    },
  },
  {
    what: 'takes purposes of ASCII alone',
    shownBy: 'seal() and open() take any purpose',
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        if (/[^ -~]/.test(purpose)) throw new TypeError('Cannot seal');
        return super.seal(bytes, purpose);
      }
    },
  },
  {
    what: 'has a key of each process',
    shownBy: 'open() gives back what another with the same keys sealed',
    type: class extends GoodTransformer {
      constructor() {
        super([randomBytes(16).toString('hex')]);
      }
    },
  },
  {
    what: 'wipes what it sealed',
    shownBy: 'seal() does not change the bytes that it is lent',
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        const sealed = super.seal(bytes, purpose);
        bytes.fill(0);
        return sealed;
      }
    },
  },
  {
    what: 'keeps the bytes themselves of what it sealed',
    shownBy: 'seal() keeps nothing of the bytes that it is lent',
    type: class extends GoodTransformer {
      readonly #known = new Map<string, Uint8Array>();

      override seal(bytes: Uint8Array, purpose: string) {
        const sealed = super.seal(bytes, purpose);
        this.#known.set(Buffer.from(sealed).toString('hex'), bytes);
        return sealed;
      }

      override open(bytes: Uint8Array, purpose: string) {
        const known = this.#known.get(Buffer.from(bytes).toString('hex'));
        return known === undefined ? super.open(bytes, purpose) : { bytes: Uint8Array.from(known) };
      }
    },
  },
  {
    what: 'seals into one buffer again and again',
    shownBy: 'what seal() gives belongs to the caller',
    type: class extends GoodTransformer {
      readonly #buffer = new Uint8Array(65_536);

      override seal(bytes: Uint8Array, purpose: string) {
        const sealed = super.seal(bytes, purpose);
        this.#buffer.set(sealed);
        return this.#buffer.subarray(0, sealed.length);
      }
    },
  },
  {
    what: 'opens in place',
    shownBy: 'open() does not change the bytes that it is lent',
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        const opened = super.open(bytes, purpose);
        if (opened !== undefined) bytes.set(opened.bytes);
        return opened;
      }
    },
  },
  {
    what: 'gives a part of a buffer that it was lent',
    shownBy: 'open() keeps nothing of the bytes that it is lent',
    type: class extends GoodTransformer {
      protected override crypted(bytes: Uint8Array) {
        return bytes.slice();
      }

      protected override unpadded(bytes: Uint8Array) {
        return bytes.subarray(0, bytes.lastIndexOf(1));
      }
    },
  },
  {
    what: 'gives the same bytes for the same value',
    shownBy: 'what open() gives belongs to the caller',
    type: class extends GoodTransformer {
      readonly #known = new Map<string, ReturnType<GoodTransformer['open']>>();

      override open(bytes: Uint8Array, purpose: string) {
        const text = `${purpose} ${Buffer.from(bytes).toString('hex')}`;
        if (!this.#known.has(text)) this.#known.set(text, super.open(bytes, purpose));
        return this.#known.get(text);
      }
    },
  },
  {
    what: 'gets ready once',
    shownBy: 'ready() may be called again, and twice at once',
    type: class extends GoodTransformer {
      #isReady = false;

      override async ready() {
        if (this.#isReady) throw new Error('ready already');
        this.#isReady = true;
      }
    },
  },
  {
    what: 'makes a new key as often as it gets ready',
    shownBy: 'ready() leaves what was sealed before as good as it was',
    type: class extends GoodTransformer {
      #times = 0;

      override async ready() {
        this.#times++;
      }

      protected override mac(sealed: Uint8Array, key: string, purpose: string) {
        return super.mac(sealed, `${key} ${this.#times}`, purpose);
      }
    },
  },
  {
    what: 'throws at what was tampered with',
    shownBy: 'open() never throws, whatever it is given',
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        const opened = super.open(bytes, purpose);
        if (opened === undefined && bytes.length > 100) throw new Error('Cannot open');
        return opened;
      }
    },
  },
  {
    what: 'throws at a buffer',
    shownBy: 'open() never throws, whatever it is given',
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        if (Buffer.isBuffer(bytes)) throw new TypeError('Cannot open');
        return super.open(bytes, purpose);
      }
    },
  },
  {
    what: 'throws at bytes that are no buffer',
    shownBy: 'open() never throws, whatever it is given',
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        if (!Buffer.isBuffer(bytes)) throw new TypeError('Cannot open');
        return super.open(bytes, purpose);
      }
    },
  },
  {
    what: 'opens nothing to nothing',
    shownBy: `${REFUSED}no bytes`,
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        return bytes.length === 0 ? { bytes: new Uint8Array() } : super.open(bytes, purpose);
      }
    },
  },
  {
    what: 'tells what is too short in a way of its own',
    shownBy: `${REFUSED}few bytes`,
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        return bytes.length < 48 ? { bytes: new Uint8Array(), outdated: true } : super.open(bytes, purpose);
      }
    },
  },
  {
    what: 'lets by what is of an older version',
    shownBy: `${REFUSED}random bytes`,
    type: class extends GoodTransformer {
      protected override isMac(presented: Uint8Array, expected: Uint8Array) {
        return presented[0] === 1 || super.isMac(presented, expected);
      }
    },
  },
  {
    what: 'compares as much of a signature as there is',
    shownBy: `${REFUSED}what is cut at its end`,
    type: class extends GoodTransformer {
      override open(bytes: Uint8Array, purpose: string) {
        for (let missing = 0; missing < 32; missing++) {
          const end = bytes.length - 32 + missing;
          if (end < 16) continue;
          const mac = Buffer.from(this.mac(bytes.subarray(0, end), this.keys[0] as string, purpose));
          const isAlike = mac.subarray(0, 32 - missing).equals(bytes.subarray(end));
          if (isAlike) return super.open(Buffer.concat([bytes.subarray(0, end), mac]), purpose);
        }
        return undefined;
      }
    },
  },
  {
    what: 'does not sign the first byte',
    shownBy: `${REFUSED}what is cut at its start`,
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        return Uint8Array.from([1, ...super.seal(bytes, purpose)]);
      }

      override open(bytes: Uint8Array, purpose: string) {
        return super.open(bytes, purpose) ?? super.open(bytes.subarray(1), purpose);
      }
    },
  },
  {
    what: 'takes no notice of what comes after the end',
    shownBy: `${REFUSED}what is longer`,
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        const sealed = super.seal(bytes, purpose);
        return Uint8Array.from([sealed.length >> 8, sealed.length & 0xff, ...sealed]);
      }

      override open([high = 0, low = 0, ...sealed]: Uint8Array, purpose: string) {
        const length = high * 256 + low;
        return length > sealed.length ? undefined : super.open(Uint8Array.from(sealed.slice(0, length)), purpose);
      }
    },
  },
  {
    what: 'does not sign its last byte',
    shownBy: `${REFUSED}what has any one bit flipped`,
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        return Uint8Array.from([...super.seal(bytes, purpose), 0]);
      }

      override open(bytes: Uint8Array, purpose: string) {
        return bytes.length === 0 ? undefined : super.open(bytes.subarray(0, -1), purpose);
      }
    },
  },
  {
    what: 'does not sign its nonce',
    shownBy: `${REFUSED}parts of one in the place of those of another`,
    type: class extends GoodTransformer {
      protected override mac(sealed: Uint8Array, key: string, purpose: string) {
        return super.mac(sealed.subarray(16), key, purpose);
      }
    },
  },
  {
    what: 'takes no notice of the purpose',
    shownBy: `${REFUSED}what was sealed for another purpose`,
    type: class extends GoodTransformer {
      protected override mac(sealed: Uint8Array, key: string) {
        return super.mac(sealed, key, '');
      }
    },
  },
  {
    what: 'puts the purpose before the bytes, and nothing between them',
    shownBy: 'open() gives undefined where a purpose ends with what the bytes begin with',
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        return Uint8Array.from([...bytes, ...this.mac(bytes, this.keys[0] as string, purpose)]);
      }

      override open(bytes: Uint8Array, purpose: string) {
        const end = bytes.length - 32;
        if (end < 0) return undefined;
        const signed = bytes.slice(0, end);
        const mac = this.mac(signed, this.keys[0] as string, purpose);
        return this.isMac(bytes.subarray(end), mac) ? { bytes: Uint8Array.from(signed) } : undefined;
      }

      protected override mac(sealed: Uint8Array, key: string, purpose: string) {
        return createHmac('sha256', key).update(purpose).update(sealed).digest();
      }
    },
  },
  {
    what: 'has a key that everybody knows',
    shownBy: 'open() gives undefined for what was sealed with other keys',
    type: class extends GoodTransformer {
      constructor(keys: readonly string[]) {
        super(keys.map(() => 'x'.repeat(32)));
      }
    },
  },
  {
    what: 'opens with its first key alone',
    shownBy: 'after a rotation, open() gives back what was sealed before it, and calls it outdated',
    type: class extends GoodTransformer {
      constructor(keys: readonly string[]) {
        super(keys.slice(0, 1));
      }
    },
  },
  {
    what: 'calls nothing outdated',
    shownBy: 'after a rotation, open() gives back what was sealed before it, and calls it outdated',
    type: class extends GoodTransformer {
      protected override isOutdated() {
        return false;
      }
    },
  },
  {
    what: 'seals with its last key',
    shownBy: 'after a rotation, open() gives back what is sealed from then on, and does not call it outdated',
    type: class extends GoodTransformer {
      override seal(bytes: Uint8Array, purpose: string) {
        return new GoodTransformer(this.keys.toReversed()).seal(bytes, purpose);
      }
    },
  },
  {
    what: 'believes everything that is of an old key',
    shownBy: 'after a rotation, open() gives undefined for anything else',
    type: class extends GoodTransformer {
      protected override isMac(presented: Uint8Array, expected: Uint8Array) {
        return this.keys.length > 1 || super.isMac(presented, expected);
      }
    },
  },
  {
    what: 'makes its nonce of nothing',
    shownBy: 'seal() makes something else of the same bytes each time',
    type: class extends GoodTransformer {
      protected override nonce() {
        return new Uint8Array(16);
      }
    },
  },
  {
    what: 'signs alone',
    shownBy: 'seal() shows no part of the bytes',
    type: class extends GoodTransformer {
      protected override crypted(bytes: Uint8Array) {
        return Uint8Array.from(bytes);
      }
    },
  },
  {
    what: 'does not pad',
    shownBy: 'seal() tells how many bytes there are in steps alone',
    type: class extends GoodTransformer {
      protected override padded(bytes: Uint8Array) {
        return Uint8Array.from(bytes);
      }

      protected override unpadded(bytes: Uint8Array) {
        return bytes;
      }
    },
  },
];
