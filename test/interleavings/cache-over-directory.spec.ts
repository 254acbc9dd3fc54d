import { interleavingsOver } from '../support/explorer/interleavings.js';
import { cached, directory } from '../support/explorer/stores.js';

interleavingsOver(
  'cache over directory',
  { travel: 'by id', cache: 'with a bus', open: cached(directory, true) },
  { two: 'whole' },
);
