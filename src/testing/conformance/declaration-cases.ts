import assert from 'node:assert/strict';
import type { CaseDraft } from './conformance-bench.js';
import { ONE } from './sample-bytes.js';

/** What a storage says of itself, and that two of them are two. */
export function declarationCases(conditionalWrites: boolean): readonly CaseDraft[] {
  return [
    {
      name: `conditionalWrites is ${conditionalWrites}`,
      check: async ({ storage }) => assert.equal(storage.conditionalWrites, conditionalWrites),
    },
    {
      name: 'two instances share nothing by accident',
      check: async (bench) => {
        await bench.write('a', ONE);
        const other = await bench.create();
        assert.equal(await other.read('a', async () => true), undefined);
        assert.equal(await other.invalidate('a'), false);
      },
    },
  ];
}
