import { describe, inject } from 'vitest';
import { interleavingsOver } from '../support/explorer/interleavings.js';
import { postgres } from '../support/explorer/stores.js';

describe.skipIf(inject('postgresUrl') === null)('over a server', () => {
  interleavingsOver('postgres', { travel: 'by id', cache: 'none', open: postgres }, { two: 'whole' });
});
