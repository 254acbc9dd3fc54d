import 'reflect-metadata';
import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import { SessionNotRegisteredError } from '../errors.js';
import type { Session as SessionContract } from '../session/session.js';
import { declareSession } from './declared-sessions.js';
import type { SessionTarget } from './find-session.js';
import type { SessionRequest } from './platform.js';
import { notHttp, SessionsRegistry } from './sessions-registry.js';

/**
 * One client's typed data over many requests: what `@Session()` injects.
 *
 * @see the contract that it extends, for every member
 */
export interface Session<Data extends object = Record<string, unknown>> extends SessionContract<Data> {}

type ParameterType<Target, Key, Index> = Key extends keyof Target
  ? Target[Key] extends (...args: infer Parameters) => unknown
    ? Index extends keyof Parameters
      ? Parameters[Index]
      : unknown
    : unknown
  : unknown;

/** A parameter decorator that compiles only on a parameter that can hold `Value`. */
export type TypedParameterDecorator<Value> = <Target extends object, Key extends string | symbol, Index extends number>(
  target: Target,
  key: Key,
  index: [Value] extends [ParameterType<Target, Key, Index>]
    ? Index
    : 'this parameter must be a Session of the class that @Session() names',
) => void;

/** What the decorator keeps for its factory. An object of its own shape: Nest takes some data for pipes. */
interface Declaration {
  readonly session: SessionTarget;
}

const inject = createParamDecorator(({ session }: Declaration, context: ExecutionContext) => {
  if (context.getType<string>() !== 'http') throw notHttp(context.getType<string>());
  const found = SessionsRegistry.of(context.switchToHttp().getRequest<SessionRequest>());
  const tracked = found?.exchange.loaded(found.registry.get(session));
  if (tracked !== undefined) return tracked.handle;
  throw new SessionNotRegisteredError(
    'Cannot inject session: import SessionsModule.forRoot() in the app of this handler',
  );
});

/**
 * Injects a session into a handler's parameter: loaded before the handler, stored after it, before the first byte of the
 * response. The client has one from the first change on; reading starts none.
 *
 * @param type the session's class; a parameter of another session's type does not compile
 */
export function Session<Data extends object>(type: Type<Data>): TypedParameterDecorator<SessionContract<Data>>;
/**
 * Injects a session into a handler's parameter.
 *
 * @param name the session's name; default: the only session there is
 */
export function Session(name?: string): ParameterDecorator;
export function Session(session?: Type<object> | string): unknown {
  const decorate = inject({ session } satisfies Declaration);
  return (target: object, key: string | symbol | undefined, index: number): void => {
    if (key === undefined)
      throw new TypeError('Cannot inject session: @Session() is for parameters of handlers, not of constructors');
    decorate(target, key, index);
    declareSession(target, key, session);
    hideType(target, key, index);
  };
}

/**
 * Tells validation pipes that the parameter is no class: they would hand the handler a copy, whose changes nobody stores.
 * Some compilers even emit this decorator as the parameter's type, which has the same name.
 */
function hideType(target: object, key: string | symbol, index: number): void {
  const types = Reflect.getMetadata('design:paramtypes', target, key) as unknown[] | undefined;
  if (types !== undefined) Reflect.defineMetadata('design:paramtypes', types.with(index, Object), target, key);
}
