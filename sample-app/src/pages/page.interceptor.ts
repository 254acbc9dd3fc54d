import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import { mergeMap, type Observable } from 'rxjs';
import { UsersService } from '../auth/users.service.js';
import { type Flash, Visitor } from '../auth/visitor.js';
import { Cart } from '../cart/cart.js';

/** What the layout shows on every page. */
export interface Page {
  readonly path: string;
  readonly userName: string | undefined;
  readonly itemCount: number;
  readonly flash: Flash | undefined;
}

/** Adds to a page's model what every page shows: who is signed in, how full the cart is, the message that waits. */
@Injectable()
export class PageInterceptor implements NestInterceptor<object, object> {
  constructor(
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    const { method, url } = context.switchToHttp().getRequest<{ method: string; url: string }>();
    // In this shop every GET is a page, and every POST is a redirect to one.
    if (method !== 'GET') return next.handle();
    return next.handle().pipe(mergeMap(async (model) => ({ ...model, page: await this.#page(context, url) })));
  }

  async #page(context: ExecutionContext, url: string): Promise<Page> {
    const [visitor, cart] = await Promise.all([this.sessions.of(context, Visitor), this.sessions.of(context, Cart)]);
    return {
      path: url.split('?', 1)[0] ?? url,
      userName: this.users.find(visitor.data.userId)?.name,
      itemCount: cart.data.itemCount,
      // `take` reads and removes in one step: the message is shown once, whatever else the browser is loading.
      flash: visitor.data.flash && (await visitor.take('flash')),
    };
  }
}
