import type { ModulesContainer } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { SessionsImports, type SessionsImport } from '../../../src/module/sessions-imports.js';
import { SESSIONS_IMPORT } from '../../../src/module/tokens.js';

const other = { providers: new Map() };

/** The modules of an app, as far as they are looked at. */
function importsOf(...brought: SessionsImport[]): SessionsImports {
  const modules = brought.map((instance) => ({ providers: new Map([[SESSIONS_IMPORT, { instance }]]) }));
  const container = new Map([other, ...modules, other].map((module, index) => [String(index), module]));
  return new SessionsImports(container as unknown as ModulesContainer);
}

const [user, cart, basket] = [{ name: 'user' }, { name: 'cart' }, { name: 'basket' }];

describe('SessionsImports', () => {
  it("has the sessions of the root, then those of features, and the root's mode", () => {
    const { sessions, interceptor } = importsOf(
      { sessions: [cart] },
      { sessions: [user], interceptor: 'declared' },
      { sessions: [basket] },
    );
    expect(sessions).toEqual([user, cart, basket]);
    expect(interceptor).toBe('declared');
  });

  it('leaves all sessions to features', () => {
    expect(importsOf({ sessions: [], interceptor: 'global' }, { sessions: [cart] }).sessions).toEqual([cart]);
  });

  it.each<[what: string, brought: SessionsImport[], message: string]>([
    ['no import with options', [], 'it is imported without forRoot() or forRootAsync()'],
    ['features without a root', [{ sessions: [cart] }], 'which forFeature() needs too'],
    [
      'two roots',
      [
        { sessions: [user], interceptor: 'global' },
        { sessions: [cart], interceptor: 'global' },
      ],
      'it is imported by forRoot() or forRootAsync() more than once: name all sessions in one call',
    ],
    ['no session', [{ sessions: [], interceptor: 'global' }], 'sessions must have one session at least'],
  ])('A20: refuses %s', (_, brought, message) => {
    expect(() => importsOf(...brought)).toThrow(TypeError);
    expect(() => importsOf(...brought)).toThrow(/^Cannot start SessionsModule: /);
    expect(() => importsOf(...brought)).toThrow(message);
  });
});
