import 'reflect-metadata';
import { Body, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { describe, expect, it } from 'vitest';
import { SessionNotRegisteredError } from '../../../src/errors.js';
import { declaredSessions } from '../../../src/module/declared-sessions.js';
import { Session } from '../../../src/module/session.decorator.js';

class Cart {
  items: string[] = [];
}

interface Argument {
  readonly index: number;
  readonly data: unknown;
  readonly factory: (data: unknown, context: ExecutionContext) => unknown;
}

const paramTypes = (target: object, key: string): unknown => Reflect.getMetadata('design:paramtypes', target, key);
const argumentsOf = (controller: object, key: string): Argument[] =>
  Object.values((Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, key) ?? {}) as Record<string, Argument>);

describe('Session()', () => {
  it('declares its session on the handler: class, name, or nothing', () => {
    class Controller {
      view(@Session(Cart) _cart: Session<Cart>, @Session('user') _user: Session, @Session() _only: Session): void {}
      plain(): void {}
    }
    expect(new Set(declaredSessions(Controller, 'view'))).toEqual(new Set([Cart, 'user', undefined]));
    expect(declaredSessions(Controller, 'plain')).toEqual([]);
  });

  it('declares it for controllers that inherit the handler, and not for their parents', () => {
    class Base {
      view(@Session('user') _user: Session): void {}
    }
    class Child extends Base {
      other(@Session('cart') _cart: Session): void {}
    }
    expect(declaredSessions(Child, 'view')).toEqual(['user']);
    expect(declaredSessions(Child, 'other')).toEqual(['cart']);
    expect(declaredSessions(Base, 'other')).toEqual([]);
  });

  it('adds to what is inherited without changing it, where a child declares another session', () => {
    class Base {
      view(@Session('user') _user: Session): void {}
    }
    class Child extends Base {
      override view(_user: Session, @Session('cart') _cart?: Session): void {}
    }
    expect(declaredSessions(Child, 'view')).toContain('cart');
    expect(declaredSessions(Base, 'view')).toEqual(['user']);
  });

  it('hides the type of its parameter alone from pipes: they would hand the handler a copy', () => {
    class Dto {}
    class Controller {
      add(_session: unknown, _body: unknown): void {}
    }
    // As TypeScript and swc apply decorators: metadata first, then parameters from the last to the first
    Reflect.defineMetadata('design:paramtypes', [Session, Dto], Controller.prototype, 'add');
    Body()(Controller.prototype, 'add', 1);
    (Session(Cart) as ParameterDecorator)(Controller.prototype, 'add', 0);
    expect(paramTypes(Controller.prototype, 'add')).toEqual([Object, Dto]);
  });

  it('makes up no types where the compiler emitted none', () => {
    class Controller {
      view(@Session(Cart) _cart: Session<Cart>): void {}
    }
    expect(paramTypes(Controller.prototype, 'view')).toBeUndefined();
  });

  it('is for parameters of handlers, not of constructors', () => {
    expect(() => Session()(class {}, undefined, 0)).toThrow(
      new TypeError('Cannot inject session: @Session() is for parameters of handlers, not of constructors'),
    );
  });

  it('is an argument at its own index, with data that Nest does not take for pipes', () => {
    class Controller {
      view(_first: unknown, @Session(Cart) _cart: Session<Cart>): void {}
    }
    const [argument] = argumentsOf(Controller, 'view');
    expect(argument).toMatchObject({ index: 1, data: { session: Cart } });
    expect(Object.keys(argument?.data as object)).not.toContain('pipes');
  });

  describe('the factory of the argument', () => {
    class Controller {
      view(@Session() _session: Session): void {}
    }
    const [argument] = argumentsOf(Controller, 'view');
    const inject = (type: string, request: object): unknown =>
      argument?.factory(argument.data, {
        getType: () => type,
        switchToHttp: () => ({ getRequest: () => request }),
      } as unknown as ExecutionContext);

    it('refuses where the app of the handler has no sessions, and says what to do', () => {
      expect(() => inject('http', {})).toThrow(
        new SessionNotRegisteredError(
          'Cannot inject session: import SessionsModule.forRoot() in the app of this handler',
        ),
      );
    });

    it.each(['ws', 'rpc', 'graphql'])('refuses in the context %s, and says what to do', (type) => {
      expect(() => inject(type, {})).toThrow(SessionNotRegisteredError);
      expect(() => inject(type, {})).toThrow(`this is "${type}": use SessionsService.of(request) or find(id)`);
    });
  });
});
