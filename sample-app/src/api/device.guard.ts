import { type CanActivate, type ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import type { SignedInRequest } from '../auth/current-user.decorator.js';
import { UsersService } from '../auth/users.service.js';
import { Device } from './device.js';

/** Lets a request of a device through on which somebody is signed in, and says to the handler who. */
@Injectable()
export class DeviceGuard implements CanActivate {
  constructor(
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const device = await this.sessions.of(context, Device);
    const user = this.users.find(device.principal);
    if (!user) throw new UnauthorizedException('Please sign in, and send the token that you are given.');
    context.switchToHttp().getRequest<SignedInRequest>().user = user;
    return true;
  }
}
