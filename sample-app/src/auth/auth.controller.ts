import { Body, Controller, Get, Headers, HttpStatus, Inject, Post, Query, Redirect, Render } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { Cart } from '../cart/cart.js';
import { clientName } from './client-name.js';
import { type Credentials, CredentialsPipe } from './credentials.pipe.js';
import { DEMO_USERS } from './demo-users.js';
import { ReturnPathPipe } from './return-path.pipe.js';
import { signOut } from './sign-out.js';
import { UsersService } from './users.service.js';
import { Visitor } from './visitor.js';

@Controller()
export class AuthController {
  constructor(@Inject(UsersService) private readonly users: UsersService) {}

  @Get('login')
  @Render('login')
  showLogin(@Query('returnTo', ReturnPathPipe) returnTo: string) {
    return { demoUsers: DEMO_USERS, returnTo };
  }

  @Post('login')
  @Redirect('/account', HttpStatus.SEE_OTHER)
  async login(
    @Session(Visitor) visitor: Session<Visitor>,
    @Body(CredentialsPipe) credentials: Credentials,
    @Body('returnTo', ReturnPathPipe) returnTo: string,
    @Headers('user-agent') userAgent: string | undefined,
  ): Promise<{ url: string }> {
    const user = await this.users.verify(credentials);
    if (!user) {
      visitor.data.flash = { kind: 'error', text: 'wrongCredentials' };
      return { url: `/login?returnTo=${encodeURIComponent(returnTo)}` };
    }
    // A new secret before the session says who this is: whoever knew the old cookie gains nothing by the login.
    await visitor.regenerate({ keep: 'none' });
    visitor.principal = user.id;
    visitor.label = clientName(userAgent);
    visitor.data.flash = { kind: 'notice', text: 'welcome', about: user.name };
    return { url: returnTo };
  }

  @Post('logout')
  @Redirect('/', HttpStatus.SEE_OTHER)
  async logout(@Session(Visitor) visitor: Session<Visitor>, @Session(Cart) cart: Session<Cart>): Promise<void> {
    await signOut(visitor, cart);
  }
}
