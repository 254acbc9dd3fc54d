import { interleavingsOver } from '../support/explorer/interleavings.js';
import { cached, memory } from '../support/explorer/stores.js';

interleavingsOver(
  'cache over memory, without a bus',
  { travel: 'by id', cache: 'without a bus', open: cached(memory, false) },
  { two: 'whole' },
);
