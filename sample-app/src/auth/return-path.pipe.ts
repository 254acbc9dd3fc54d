import { Injectable, type PipeTransform } from '@nestjs/common';

const HERE = 'http://shop.invalid';

/** Turns the page that a visitor wanted before signing in into a path of this shop, whatever somebody made of the link. */
@Injectable()
export class ReturnPathPipe implements PipeTransform<unknown, string> {
  transform(wanted: unknown): string {
    if (typeof wanted !== 'string' || !URL.canParse(wanted, HERE)) return '/account';
    // Parsed as a browser would, so that `//elsewhere`, `/\elsewhere` and their kin show where they really lead.
    const { origin, pathname, search } = new URL(wanted, HERE);
    return origin === HERE ? pathname.replace(/^\/+/, '/') + search : '/account';
  }
}
