import type { IncomingHttpHeaders } from 'node:http';
import type { Delivery, RequestFields, ResponseHeaders, SessionTransport } from './session-transport.js';

/**
 * Several transports of one session, in order of preference. A client is answered the way it came: by the transport that
 * brought its session; else by the first that it uses; else by the first of all.
 */
export class TransportChain implements SessionTransport {
  readonly vary: readonly string[];
  readonly maxLength: number;
  readonly refreshes: boolean;
  readonly #transports: readonly [SessionTransport, ...SessionTransport[]];

  constructor(transports: readonly [SessionTransport, ...SessionTransport[]]) {
    this.#transports = transports;
    this.vary = transports.flatMap(({ vary }) => vary);
    this.maxLength = Math.min(...transports.map(({ maxLength }) => maxLength));
    this.refreshes = transports.some(({ refreshes }) => refreshes);
  }

  receive(headers: IncomingHttpHeaders): readonly string[] {
    return [...new Set(this.#transports.flatMap((transport) => transport.receive(headers)))];
  }

  isUsedBy(headers: IncomingHttpHeaders): boolean {
    return this.#transports.some((transport) => transport.isUsedBy(headers));
  }

  carry(value: string, fields?: RequestFields): Record<string, string> {
    return this.#transports[0].carry(value, fields);
  }

  send(headers: ResponseHeaders, value: string, delivery: Delivery): boolean {
    return this.#answering(delivery).filter((transport) => transport.send(headers, value, delivery)).length > 0;
  }

  /** Wherever the client has one: none must be left that brings an earlier state of the session back. */
  clear(headers: ResponseHeaders, delivery: Delivery): boolean {
    const used = this.#transports.filter((transport) => transport.isUsedBy(delivery.request));
    const clearing = used.length > 0 ? used : this.#answering(delivery);
    return clearing.filter((transport) => transport.clear(headers, delivery)).length > 0;
  }

  #answering({ request, presented }: Delivery): readonly SessionTransport[] {
    const [first] = this.#transports;
    if (presented === undefined) return [this.#transports.find((transport) => transport.isUsedBy(request)) ?? first];
    return this.#transports.filter((transport) => transport.receive(request).includes(presented));
  }
}
