import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { SessionsService } from 'nest-sessions';
import { mergeMap, type Observable } from 'rxjs';
import { isApi } from '../api/is-api.js';
import { UsersService } from '../auth/users.service.js';
import { type Flash, Visitor } from '../auth/visitor.js';
import { Cart } from '../cart/cart.js';
import { LookService } from '../preferences/look.service.js';

/** What the layout shows on every page. */
export interface Page {
  /** With its query, to come back to. */
  readonly url: string;
  readonly path: string;
  readonly userName: string | undefined;
  readonly itemCount: number;
  readonly flash: Flash | undefined;
}

/** Adds to a page's model what every page shows: its look, who is signed in, how full the cart is, the message that waits. */
@Injectable()
export class PageInterceptor implements NestInterceptor<object, object> {
  constructor(
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(LookService) private readonly looks: LookService,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    const request = context.switchToHttp().getRequest<{ method: string; url: string }>();
    // But for the API, every POST in this shop is a redirect to a page, and everything else (GET, HEAD) is one.
    if (request.method === 'POST' || isApi(request)) return next.handle();
    return next.handle().pipe(
      mergeMap(async (model) => {
        const [look, page] = await Promise.all([this.looks.of(context), this.#page(context, request.url)]);
        return { ...model, look, page };
      }),
    );
  }

  async #page(context: ExecutionContext, url: string): Promise<Page> {
    const [visitor, cart] = await Promise.all([this.sessions.of(context, Visitor), this.sessions.of(context, Cart)]);
    return {
      url,
      path: url.split('?', 1)[0] ?? url,
      userName: this.users.find(visitor.principal)?.name,
      itemCount: cart.data.itemCount,
      // `take` reads and removes in one step: the message is shown once, whatever else the browser is loading.
      flash: visitor.data.flash && (await visitor.take('flash')),
    };
  }
}
