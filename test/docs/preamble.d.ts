// What the snippets of the documents use without importing it (see snippets.spec.ts). In this order: Nest's own names,
// then stand-ins for what a reader's app has. Add what a document needs, nothing of nest-sessions.
import type * as nest from '@nestjs/common';

declare global {
  const Body: typeof nest.Body;
  const Controller: typeof nest.Controller;
  const Delete: typeof nest.Delete;
  const Get: typeof nest.Get;
  const Inject: typeof nest.Inject;
  const Injectable: typeof nest.Injectable;
  const Module: typeof nest.Module;
  const Param: typeof nest.Param;
  const Post: typeof nest.Post;
  const Put: typeof nest.Put;
  const Redirect: typeof nest.Redirect;
  const Req: typeof nest.Req;
  const Res: typeof nest.Res;
  const UseGuards: typeof nest.UseGuards;
  const UnauthorizedException: typeof nest.UnauthorizedException;
  type CanActivate = nest.CanActivate;
  type ExecutionContext = nest.ExecutionContext;

  const app: nest.INestApplication;

  interface Credentials {
    readonly name: string;
    readonly password: string;
  }
  /** The users of the reader's app. */
  class Users {
    verify(credentials: Credentials): Promise<{ readonly id: string }>;
  }
}
