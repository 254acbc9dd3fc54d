import { compressedAfter, compressedBefore } from './answers/compression.js';
import { drive } from './answers/drive.js';

drive(compressedBefore);
drive(compressedAfter);
