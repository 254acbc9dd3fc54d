/**
 * The process of one app: serves it on a free port of the loopback interface, and tells its parent what that costs.
 *
 * Its one argument is an `AppSpec` as JSON.
 */
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { AppSpec } from './app-spec.js';
import { APPS } from './apps.js';
import { dispatcherOf, injectTimes } from './injection.js';
import type { Answer, Question } from './app-process.js';
import { StorageCount } from './storage-count.js';

const spec = JSON.parse(process.argv[2] ?? '{}') as AppSpec;
const make = APPS[spec.app];
if (make === undefined) throw new Error(`Cannot host ${spec.app}: there are ${Object.keys(APPS).join(', ')}`);

const count = spec.counts === true ? new StorageCount() : undefined;
const app = await make(spec, count);
await app.listen(0, '127.0.0.1');
const dispatch = await dispatcherOf(app);

process.on('message', (question: Question) => void answer(question).then((fact) => process.send?.(fact)));
// Its parent is the only one who needs it
process.on('disconnect', () => process.exit());
process.send?.({ port: ((app.getHttpServer() as Server).address() as AddressInfo).port } satisfies Answer);

async function answer(question: Question): Promise<Answer> {
  if ('path' in question) await injectTimes(dispatch, question);
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, calls: count?.calls ?? 0, bytes: count?.bytes ?? 0 };
}
