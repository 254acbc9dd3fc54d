import { type CanActivate, type ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import type { SignedInRequest } from './current-user.decorator.js';
import { UsersService } from './users.service.js';
import { Visitor } from './visitor.js';

/** Lets a request through when its session belongs to a user, and says to the handler which one. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const visitor = await this.sessions.of(context, Visitor);
    const user = this.users.find(visitor.principal);
    if (!user) throw new UnauthorizedException();
    context.switchToHttp().getRequest<SignedInRequest>().user = user;
    return true;
  }
}
