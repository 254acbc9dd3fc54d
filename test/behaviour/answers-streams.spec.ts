import { drive } from './answers/drive.js';
import { streams } from './answers/streams.js';

drive(streams);
