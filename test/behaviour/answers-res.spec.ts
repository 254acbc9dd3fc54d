import { drive } from './answers/drive.js';
import { resOnExpress } from './answers/res-express.js';
import { resOnFastify } from './answers/res-fastify.js';

drive(resOnExpress);
drive(resOnFastify);
