import assert from 'node:assert/strict';
import { assertBytes } from './assert-bytes.js';
import type { CaseDraft } from './conformance-bench.js';
import { bytesOf, ONE } from './sample-bytes.js';
import { GOOD_IDS, HOSTILE_IDS } from './sample-ids.js';

/** Which ids there are, and that no other gets anywhere. */
export const idCases: readonly CaseDraft[] = [
  {
    name: 'write() stores under every id that the contract allows, each apart',
    check: async (bench) => {
      for (const id of GOOD_IDS) await bench.write(id, bytesOf(`bytes of ${id}`));
      for (const id of GOOD_IDS) assertBytes(await bench.read(id), bytesOf(`bytes of ${id}`));
    },
  },
  ...HOSTILE_IDS.map(
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
