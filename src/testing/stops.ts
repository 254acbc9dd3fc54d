import { deferred, type Deferred } from './deferred.js';

/** Somebody who stops, or will stop, at a point. */
export interface Held {
  /** Resolves when somebody has come to the point. */
  readonly reached: Promise<void>;
  /** Lets it go on; before it has come: lets it pass. */
  release(): void;
}

interface Stop<Point> {
  readonly point: Point;
  readonly reached: Deferred;
  readonly released: Deferred;
}

/** Named points where work stops until a test lets it go on, so that the test can force one order of events. */
export class Stops<Point extends string> {
  readonly #stops: Stop<Point>[] = [];

  /** Stops the next one who comes to a point; of several holds of one point each stops one. */
  hold(point: Point): Held {
    const stop: Stop<Point> = { point, reached: deferred(), released: deferred() };
    this.#stops.push(stop);
    return { reached: stop.reached.promise, release: () => stop.released.resolve() };
  }

  /** Where work may stop: resolves at once when nobody holds the point. */
  async at(point: Point): Promise<void> {
    const index = this.#stops.findIndex((stop) => stop.point === point);
    const [stop] = index < 0 ? [] : this.#stops.splice(index, 1);
    stop?.reached.resolve();
    await stop?.released.promise;
  }
}
