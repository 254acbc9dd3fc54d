import { describe, inject } from 'vitest';
import { interleavingsOver } from '../support/explorer/interleavings.js';
import { redis } from '../support/explorer/stores.js';

describe.skipIf(inject('redisUrl') === null)('over a server', () => {
  interleavingsOver('redis', { travel: 'by id', cache: 'none', open: redis }, { two: 'whole' });
});
