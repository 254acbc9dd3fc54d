import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Inject,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { Session } from 'nest-sessions';
import { clientName } from '../auth/client-name.js';
import { type Credentials, CredentialsPipe } from '../auth/credentials.pipe.js';
import { CurrentUser } from '../auth/current-user.decorator.js';
import type { User } from '../auth/user.js';
import { UsersService } from '../auth/users.service.js';
import { Device } from './device.js';
import { DeviceGuard } from './device.guard.js';

/** What a device is told of a user. */
type Profile = Pick<User, 'id' | 'name'>;

/** Who is signed in on a device. */
@Controller('api')
export class DeviceController {
  constructor(@Inject(UsersService) private readonly users: UsersService) {}

  @Post('sign-in')
  @HttpCode(HttpStatus.OK)
  async signIn(
    @Session(Device) device: Session<Device>,
    @Body(CredentialsPipe) credentials: Credentials,
    @Headers('user-agent') userAgent: string | undefined,
  ): Promise<Profile> {
    const user = await this.users.verify(credentials);
    if (!user) throw new UnauthorizedException('That name and password do not match.');
    // A new token, which the response has in its Authorization header; one that the device had before is dead.
    await device.regenerate({ keep: 'none' });
    device.principal = user.id;
    device.label = clientName(userAgent);
    return profileOf(user);
  }

  @Get('me')
  @UseGuards(DeviceGuard)
  show(@CurrentUser() user: User): Profile {
    return profileOf(user);
  }

  @Post('sign-out')
  @HttpCode(HttpStatus.NO_CONTENT)
  async signOut(@Session(Device) device: Session<Device>): Promise<void> {
    await device.destroy();
  }
}

function profileOf({ id, name }: User): Profile {
  return { id, name };
}
