import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { schemaOf } from '../../../src/module/schema-options.js';
import type { SessionOptions } from '../../../src/module/sessions-options.js';

const message = (path: string, cure: string, received: string): string =>
  `Cannot start SessionsModule: ${path} ${cure}: received ${received}`;

describe('schemaOf()', () => {
  it('is undefined where no schema is given', () => {
    expect(schemaOf({}, '')).toBeUndefined();
  });

  it.each([
    ['zod', z.object({ a: z.number() })],
    ['valibot', v.object({ a: v.number() })],
    ['arktype, whose schemas are functions', type({ a: 'number' })],
  ])('reads a schema of %s, whether or not a new session fits it', (_, schema) => {
    const data = schemaOf({ schema, migrate: () => ({ a: 1 }) }, '');
    expect(data?.load({}, (stored) => stored)).toStrictEqual({ a: 1 });
  });

  it('asks the schema of what a new session starts with', () => {
    class Cart {
      items: string[] = [];
    }
    const schema = z.object({});
    const validate = vi.spyOn(schema['~standard'], 'validate');
    schemaOf({ schema, type: Cart }, '');
    schemaOf({ schema }, '');
    expect(validate.mock.calls).toEqual([[{ items: [] }], [{}]]);
  });

  it('takes a schema that throws at what a new session starts with', () => {
    const validate = (): never => {
      throw new Error('x');
    };
    expect(schemaOf({ schema: { '~standard': { version: 1, vendor: 'x', validate } } }, '')).toBeDefined();
  });

  it.each<[what: string, options: object, message: string]>([
    [
      'one that is asynchronous',
      { schema: v.objectAsync({}) },
      message('sessions[0].schema', 'must validate synchronously, it returned a promise', 'an object'),
    ],
    [
      'what is no schema',
      { schema: {} },
      message(
        'sessions[0].schema',
        'must be a Standard Schema (version 1), such as those of zod, valibot and arktype',
        'an object',
      ),
    ],
    [
      'a text',
      { schema: 'string' },
      message(
        'sessions[0].schema',
        'must be a Standard Schema (version 1), such as those of zod, valibot and arktype',
        '"string"',
      ),
    ],
    [
      'migrate without it',
      { migrate: () => undefined },
      message('sessions[0].migrate', 'must come with a schema: without one all data fits', 'a function'),
    ],
    [
      'a migrate that is no function',
      { schema: z.object({}), migrate: {} },
      message('sessions[0].migrate', 'must be a function', 'an object'),
    ],
  ])('refuses %s', (_, options, text) => {
    expect(() => schemaOf(options as SessionOptions, 'sessions[0]')).toThrow(new TypeError(text));
  });
});
