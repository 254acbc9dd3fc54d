import { drive } from './answers/drive.js';
import { values } from './answers/values.js';

drive(values);
