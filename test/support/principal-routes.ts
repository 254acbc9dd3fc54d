import { SessionLimitError } from 'nest-sessions';
import { slowRoutes } from './slow-routes.js';
import type { Call, Routes } from './routes.js';

/** Logs somebody in, as an app would that has verified who it is. */
function logIn({ session, request }: Call): void {
  const { principal, label } = request.query;
  session.principal = principal === '' ? undefined : principal;
  session.label = label;
  session.data['userId'] = principal;
}

/** What handlers may do with principals, beside the verbs; each a second time as `slow/...`, where it stops before it does that. */
export function principalRoutes(): { readonly routes: Routes; readonly stops: ReturnType<typeof slowRoutes>['stops'] } {
  return slowRoutes({
    /** `?principal=...&label=...` */
    login: logIn,
    'login/regenerate': async (call) => {
      await call.session.regenerate();
      logIn(call);
    },
    'login/save': async (call) => {
      logIn(call);
      await call.session.save();
    },
    /** Tells who has too many sessions so. */
    'login/kindly': async (call) => {
      logIn(call);
      try {
        await call.session.save();
        return 'welcome';
      } catch (error) {
        if (!(error instanceof SessionLimitError)) throw error;
        await call.session.destroy();
        return 'too many';
      }
    },
    marks: ({ session }) => ({ principal: session.principal, label: session.label }),
    unmark: ({ session }) => void (session.principal = undefined),
    'regenerate/keep': ({ session, request }) => {
      const keep = request.query['keep'];
      return session.regenerate({ keep: keep === 'none' || keep === 'all' ? keep : ['userId'] });
    },
  });
}
