import { drive } from './answers/drive.js';
import { errors } from './answers/errors.js';
import { middleware } from './answers/middleware.js';
import { raw } from './answers/raw.js';
import { resOnExpress } from './answers/res-express.js';
import { resOnFastify } from './answers/res-fastify.js';
import { sse } from './answers/sse.js';
import { streams } from './answers/streams.js';
import { values } from './answers/values.js';
import type { Family, Way } from './answers/way.js';

/** Some of the ways, with the interceptor on handlers that declare a session alone. */
function some(family: Family, names: readonly string[], change: Partial<Way> = {}): Family {
  return {
    ...family,
    ways: family.ways.filter(({ name }) => names.includes(name)).map((way) => ({ ...way, ...change })),
  };
}

drive(
  some(values, ['returned text', 'returned Observable of several values', '@Redirect() static', '@Render()']),
  'declared',
);
drive(some(streams, ['StreamableFile of a stream', 'async generator of texts', 'web Response of text']), 'declared');
drive(some(sse, ['@Sse() one event', '@Sse() async handler']), 'declared');
drive(some(resOnExpress, ['@Res() send text', '@Res() pipe', '@Res() redirect']), 'declared');
drive(some(resOnFastify, ['@Res() send text', '@Res() pipe into raw', 'hijack and raw end']), 'declared');
drive(some(raw, ['raw writeHead of an object', 'raw flushHeaders']), 'declared');
// Handlers that declare nothing have no interceptor: the gate answers for them
drive(
  some(errors, ['guard that returns false', 'guard that lets pass', 'interceptor that maps and changes'], {
    storedBy: 'gate',
  }),
  'declared',
);
drive(some(errors, ['handler that throws an HttpException', 'filter that changes the session']), 'declared');
drive(
  some(middleware, ['middleware that answers', 'middleware that changes and passes', 'no route'], { storedBy: 'gate' }),
  'declared',
);
