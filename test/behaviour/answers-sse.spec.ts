import { drive } from './answers/drive.js';
import { sse } from './answers/sse.js';

drive(sse);
