import { Controller, Get, HttpStatus, Param, ParseEnumPipe, Post, Redirect, Render } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { Visitor } from '../auth/visitor.js';
import { Cart } from '../cart/cart.js';

const NAMES = { visitor: 'visitor', cart: 'cart' } as const;
type Name = keyof typeof NAMES;

/** Shows what a session tells about itself. Its secret is not among that: it is in the cookie and nowhere else. */
@Controller('session')
export class SessionPageController {
  @Get()
  @Render('session')
  show(@Session(Visitor) visitor: Session<Visitor>, @Session(Cart) cart: Session<Cart>) {
    return {
      title: 'Your sessions',
      sessions: [
        { name: NAMES.visitor, about: 'Who you are, until you sign out or close the browser.', session: visitor },
        { name: NAMES.cart, about: 'What you want to buy, for a week.', session: cart },
      ],
    };
  }

  @Post(':name/regenerate')
  @Redirect('/session', HttpStatus.SEE_OTHER)
  async regenerate(
    @Param('name', new ParseEnumPipe(NAMES)) name: Name,
    @Session(Visitor) visitor: Session<Visitor>,
    @Session(Cart) cart: Session<Cart>,
  ): Promise<void> {
    await { visitor, cart }[name].regenerate();
    visitor.data.flash = { kind: 'notice', text: `The ${name} session has a new cookie. The old one is dead.` };
  }

  @Post(':name/destroy')
  @Redirect('/session', HttpStatus.SEE_OTHER)
  async destroy(
    @Param('name', new ParseEnumPipe(NAMES)) name: Name,
    @Session(Visitor) visitor: Session<Visitor>,
    @Session(Cart) cart: Session<Cart>,
  ): Promise<void> {
    await { visitor, cart }[name].destroy();
  }
}
