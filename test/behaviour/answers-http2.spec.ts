import { drive } from './answers/drive.js';
import { http2 } from './answers/http2.js';

drive(http2);
