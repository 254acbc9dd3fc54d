import { interleavingsOver } from '../support/explorer/interleavings.js';
import { directory } from '../support/explorer/stores.js';

interleavingsOver('directory', { travel: 'by id', cache: 'none', open: directory }, { two: 'whole' });
