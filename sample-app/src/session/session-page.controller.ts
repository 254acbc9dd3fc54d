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
      sessions: [
        { name: NAMES.visitor, session: visitor },
        { name: NAMES.cart, session: cart },
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
    visitor.data.flash = { kind: 'notice', text: 'regenerated', about: name };
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
