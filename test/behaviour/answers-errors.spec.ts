import { drive } from './answers/drive.js';
import { errors } from './answers/errors.js';

drive(errors);
