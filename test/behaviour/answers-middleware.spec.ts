import { drive } from './answers/drive.js';
import { hooked, middleware } from './answers/middleware.js';

drive(middleware);
drive(hooked);
