import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import {
  SessionConflictError,
  SessionError,
  SessionLimitError,
  type FoundSession,
  type OfPrincipal,
  type PrincipalSession,
  type Session,
  type SessionErrorCode,
  type SessionEvent,
  type SessionsService,
} from 'nest-sessions';

class Cart {
  items: string[] = [];
}

class User {
  userId?: string;
}

export class Guard implements CanActivate {
  constructor(private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const cart: Session<Cart> = await this.sessions.of(context, Cart);
    // @ts-expect-error another class's session
    const user: Session<User> = await this.sessions.of(context, Cart);
    const named: Session<User> = await this.sessions.of<User>(context, 'user');
    const only: Session = await this.sessions.of(context);
    // @ts-expect-error not a key of the class
    void cart.data.userId;
    // @ts-expect-error named by class or name
    await this.sessions.of(context, 5);
    return [cart.data.items, user, named.data.userId, only.data['x']].length > 0;
  }

  async anywhere(raw: IncomingMessage, express: Request, fastify: FastifyRequest): Promise<unknown> {
    // @ts-expect-error not a request
    await this.sessions.of({ headers: {} }, Cart);
    return Promise.all([raw, express, fastify].map((request) => this.sessions.of(request, Cart)));
  }

  async byId(): Promise<string[]> {
    const found: FoundSession<Cart> | undefined = await this.sessions.find('an-id', Cart);
    // @ts-expect-error there may be none
    void found.data;
    if (found === undefined) return [];
    // @ts-expect-error a snapshot: nothing would be stored
    found.data = new Cart();
    // @ts-expect-error no verbs
    void found.save;
    const ended: boolean = await this.sessions.invalidate('an-id', User);
    return ended ? found.data.items : [];
  }

  async ofPrincipal(user: { readonly id: string }, session: Session<User>): Promise<readonly string[]> {
    const of: OfPrincipal = { principal: user.id, type: User };
    const told: string[] = [];
    for await (const device of this.sessions.list(of)) {
      const { id, label, lastUsedAt }: PrincipalSession = device;
      // @ts-expect-error it may have none
      const named: string = label;
      // @ts-expect-error neither data nor secret
      void device.data;
      // @ts-expect-error a fact
      device.label = 'mine';
      told.push(id, named, label ?? '', lastUsedAt.toISOString(), device.createdAt.toISOString());
    }
    const ended: boolean = await this.sessions.invalidate('an-id', of);
    const count: number = await this.sessions.invalidateAll({ principal: user.id, except: session.id, type: 'user' });
    await this.sessions.invalidateAll({ principal: user.id });
    // @ts-expect-error whose
    await this.sessions.invalidateAll({ except: session.id });
    // @ts-expect-error somebody's
    await this.sessions.invalidateAll({ principal: session.principal });
    // @ts-expect-error whose
    this.sessions.list({ type: User });
    // @ts-expect-error whose, by name
    this.sessions.list(user.id);
    // @ts-expect-error with exactOptionalPropertyTypes, undefined is no value
    await this.sessions.invalidateAll({ principal: user.id, except: undefined });
    // @ts-expect-error not an option
    await this.sessions.invalidate('an-id', { principal: user.id, except: session.id });
    return ended || count > 0 ? told : [];
  }

  watch(): Observable<SessionEvent> {
    this.sessions.events.subscribe(({ type, session, id, reason }) => {
      const name: string = session;
      // @ts-expect-error may be absent
      const known: string = id;
      // @ts-expect-error not an event
      if (type === 'updated') return;
      void [name, known, reason, type === 'regenerated' || type === 'expired'];
    });
    return this.sessions.events;
  }
}

export function tell(error: unknown): SessionErrorCode | undefined {
  if (error instanceof SessionConflictError) {
    const status: 409 = error.status;
    const code: 'ERR_SESSION_CONFLICT' = error.code;
    void [status, code];
  }
  if (error instanceof SessionLimitError) {
    const status: 409 = error.status;
    const code: 'ERR_SESSION_LIMIT' = error.code;
    void [status, code];
  }
  return error instanceof SessionError ? error.code : undefined;
}
