import { drive } from './answers/drive.js';
import { raw } from './answers/raw.js';

drive(raw);
