import { interleavingsOver } from '../support/explorer/interleavings.js';
import { memory } from '../support/explorer/stores.js';

interleavingsOver(
  'memory, by value with revocation',
  { travel: 'by value', cache: 'none', open: memory },
  { one: 'halves', two: 'whole', isFast: true },
);
