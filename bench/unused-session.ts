/**
 * What an app pays on a route that does not use the session: CPU time a request, beside the same app with one empty global
 * interceptor, and, with `interceptor: 'declared'`, beside the app without any.
 */
import { SessionsModule } from 'nest-sessions';
import { emptyInterceptor, helloApp, type Platform } from './hello-apps.js';
import { pairedRatio } from './paired-ratio.js';

const AMOUNT = { rounds: 500, timesPerRound: 150 };
/** What the issue allows the lower end of the interval to be. */
const ALLOWED = 1.05;

const comparisons = [
  {
    title: 'forRoot() : one empty global interceptor',
    baseline: { providers: [emptyInterceptor] },
    candidate: { imports: [SessionsModule.forRoot()] },
  },
  {
    title: "forRoot({ interceptor: 'declared' }) : no interceptor",
    baseline: {},
    candidate: { imports: [SessionsModule.forRoot({ interceptor: 'declared' })] },
  },
  {
    title: 'control: the same app twice',
    baseline: { providers: [emptyInterceptor] },
    candidate: { providers: [emptyInterceptor] },
  },
];

for (const platform of ['express', 'fastify'] satisfies Platform[]) {
  for (const { title, baseline, candidate } of comparisons) {
    const without = await helloApp('baseline', platform, baseline);
    const withSessions = await helloApp('candidate', platform, candidate);
    const { low, high, ratio, ...cost } = await pairedRatio(without, withSessions, AMOUNT);
    await without[Symbol.asyncDispose]();
    await withSessions[Symbol.asyncDispose]();
    const verdict = low <= ALLOWED ? 'within' : 'ABOVE';
    console.log(
      `${platform.padEnd(8)} ${title.padEnd(54)} ${cost.baseline.toFixed(1)} -> ${cost.candidate.toFixed(1)} us, ratio ${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], ${verdict} ${ALLOWED}`,
    );
  }
}
