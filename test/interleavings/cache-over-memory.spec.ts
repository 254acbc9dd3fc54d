import { interleavingsOver } from '../support/explorer/interleavings.js';
import { cached, memory } from '../support/explorer/stores.js';

interleavingsOver(
  'cache over memory',
  { travel: 'by id', cache: 'with a bus', open: cached(memory, true) },
  { one: 'halves', two: 'halves' },
);
