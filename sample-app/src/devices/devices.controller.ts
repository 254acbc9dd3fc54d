import { Controller, Get, HttpStatus, Inject, Param, Post, Redirect, Render } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { CurrentUser } from '../auth/current-user.decorator.js';
import { signOut } from '../auth/sign-out.js';
import { SignedIn } from '../auth/signed-in.decorator.js';
import type { User } from '../auth/user.js';
import { Visitor } from '../auth/visitor.js';
import { Cart } from '../cart/cart.js';
import { DevicesService } from './devices.service.js';

/** Where a user is signed in. A session's id may stand in a page and in a path: it is public, and nobody can use a session by it. */
@Controller('account/devices')
@SignedIn()
export class DevicesController {
  constructor(@Inject(DevicesService) private readonly devices: DevicesService) {}

  @Get()
  @Render('devices')
  async show(@CurrentUser() user: User, @Session(Visitor) visitor: Session<Visitor>) {
    return { devices: await this.devices.list(user), thisDevice: visitor.id };
  }

  @Post('sign-out-others')
  @Redirect('/account/devices', HttpStatus.SEE_OTHER)
  async signOutOthers(@CurrentUser() user: User, @Session(Visitor) visitor: Session<Visitor>): Promise<void> {
    await this.devices.signOutOthers(user, visitor.id);
    visitor.data.flash = { kind: 'notice', text: 'signedOutElsewhere' };
  }

  @Post(':id/sign-out')
  @Redirect('/account/devices', HttpStatus.SEE_OTHER)
  async signOut(
    @CurrentUser() user: User,
    @Param('id') id: string,
    @Session(Visitor) visitor: Session<Visitor>,
    @Session(Cart) cart: Session<Cart>,
  ): Promise<{ url: string }> {
    // This device: as by the button at the top of each page.
    if (id === visitor.id) {
      await signOut(visitor, cart);
      return { url: '/' };
    }
    const wasSignedIn = await this.devices.signOut(user, id);
    visitor.data.flash = wasSignedIn
      ? { kind: 'notice', text: 'signedOutThere' }
      : { kind: 'error', text: 'notSignedInThere' };
    return { url: '/account/devices' };
  }
}
