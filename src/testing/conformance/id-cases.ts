import assert from 'node:assert/strict';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { bytesOf, ONE } from './sample-bytes.js';

const GOOD = ['a', 'A', '-', '_', '0', '--x', 'con', 'a'.repeat(255), 'A'.repeat(255), '__proto__', 'constructor'];

const HOSTILE = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'a.b',
  'a b',
  'a\u0000',
  '\u0000',
  'ü',
  '%2e',
  'a\n',
  'a'.repeat(256),
  '../'.repeat(1000),
];

/** Which ids there are, and that no other gets anywhere. */
export const idCases: readonly CaseDraft[] = [
  {
    name: 'write() stores under every id that the contract allows, each apart',
    check: async (bench) => {
      for (const id of GOOD) await bench.write(id, bytesOf(`bytes of ${id}`));
      for (const id of GOOD) assertBytes(await bench.read(id), bytesOf(`bytes of ${id}`));
    },
  },
  ...HOSTILE.map(
    (id) =>
      ({
        name: `no method takes the id ${JSON.stringify(id.slice(0, 20))} (${id.length} characters)`,
        check: async (bench) => {
          let isRead = false;
          async function* source(): AsyncGenerator<Uint8Array> {
            isRead = true;
            yield ONE;
          }
          await assert.rejects(async () => bench.read(id), TypeError);
          await assert.rejects(async () => bench.write(id, source()), TypeError);
          await assert.rejects(async () => bench.storage.invalidate(id), TypeError);
          assert.equal(isRead, false, 'the source is not read');
        },
      }) satisfies CaseDraft,
  ),
];
