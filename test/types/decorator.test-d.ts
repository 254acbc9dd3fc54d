import { Controller, Get } from '@nestjs/common';
import { Session } from 'nest-sessions';

class Cart {
  items: string[] = [];
  coupon?: string;
}

class User {
  userId?: string;
}

interface Settings {
  theme: 'light' | 'dark';
}

@Controller()
export class Good {
  @Get() byClass(@Session(Cart) cart: Session<Cart>): string[] {
    return cart.data.items;
  }

  @Get() byName(@Session('cart') cart: Session<Cart>): string | undefined {
    return cart.data.coupon;
  }

  @Get() byNothing(@Session() session: Session): unknown {
    return session.data['anything'];
  }

  @Get() byNothingTyped(@Session() session: Session<Settings>): string {
    return session.data.theme;
  }

  @Get() several(@Session(Cart) cart: Session<Cart>, @Session(User) user: Session<User>): unknown[] {
    return [cart.data.items, user.data.userId];
  }

  @Get() behindOthers(_first: number, _second: string, @Session(User) user: Session<User>): string | undefined {
    return user.data.userId;
  }

  @Get() anyData(@Session(Cart) session: Session<object>): object {
    return session.data;
  }

  @Get() unknownType(@Session(Cart) session: unknown): unknown {
    return session;
  }
}

@Controller()
export class Bad {
  // @ts-expect-error another class's session
  @Get() wrong(@Session(Cart) user: Session<User>): unknown {
    return user;
  }

  // @ts-expect-error the class itself is not its session
  @Get() data(@Session(Cart) cart: Cart): unknown {
    return cart;
  }

  // @ts-expect-error no session at all
  @Get() text(@Session(Cart) cart: string): unknown {
    return cart;
  }

  // @ts-expect-error the second is wrong, the first is right
  @Get() second(@Session(Cart) cart: Session<Cart>, @Session(User) user: Session<Cart>): unknown {
    return [cart, user];
  }

  // @ts-expect-error a session is named by its class or its name
  @Get() number(@Session(5) session: Session): unknown {
    return session;
  }

  // @ts-expect-error an instance is no class
  @Get() instance(@Session(new Cart()) session: Session<Cart>): unknown {
    return session;
  }
}
