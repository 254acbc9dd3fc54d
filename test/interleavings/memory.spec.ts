import { interleavingsOver } from '../support/explorer/interleavings.js';
import { memory } from '../support/explorer/stores.js';

interleavingsOver(
  'memory',
  { travel: 'by id', cache: 'none', open: memory },
  { one: 'halves', two: 'whole', isFast: true },
);
