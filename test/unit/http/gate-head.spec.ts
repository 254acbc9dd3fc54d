import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { addCookie, ask, commitInATurn, LabHooks, serve } from './gate-lab.js';

type Arguments = readonly unknown[];

/** How the app may give two cookies and a field to writeHead(). */
const forms: Record<string, Arguments> = {
  'an object': [200, { 'Set-Cookie': ['a=1', 'b=2'], 'x-a': 'later' }],
  'a message and an object': [200, 'Fine', { 'Set-Cookie': ['a=1', 'b=2'], 'x-a': 'later' }],
  'no message and an object': [200, undefined, { 'Set-Cookie': ['a=1', 'b=2'], 'x-a': 'later' }],
  'a flat list': [200, ['Set-Cookie', 'a=1', 'x-a', 'later', 'set-cookie', 'b=2']],
  'a flat list with a list in it': [200, ['Set-Cookie', ['a=1', 'b=2'], 'x-a', 'later']],
  'a message and a flat list': [200, 'Fine', ['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'X-A', 'later']],
  'pairs': [200, [['Set-Cookie', 'a=1'], ['x-a', 'later'], ['Set-Cookie', 'b=2']]], // prettier-ignore
};

describe.each([
  ['with nothing to store', () => new LabHooks()],
  ['behind a commit', () => new LabHooks().next(commitInATurn)],
])('gate() %s', (_, makeHooks) => {
  async function headOf(args: Arguments, before: (res: ServerResponse) => unknown = () => undefined) {
    const hooks = makeHooks();
    hooks.addFields = addCookie;
    const port = await serve((_, res) => {
      gate(res, hooks);
      before(res);
      (res.writeHead as (...args: Arguments) => ServerResponse)(...args).end('x');
    });
    const answer = await ask(port);
    const fields = answer.fields.filter((field) => /^(?:set-cookie|x-)/i.test(field));
    return { ...answer, fields: fields.map((field) => field.replace(/^.*?:/, (name) => name.toLowerCase())) };
  }

  it.each(Object.keys(forms))('lets head() add a cookie to those that writeHead() got as %s', async (form) => {
    const { fields, statusLine } = await headOf(forms[form] as Arguments);
    expect(fields.sort()).toEqual(['set-cookie: a=1', 'set-cookie: b=2', 'set-cookie: sid=1', 'x-a: later']);
    expect(statusLine).toBe(form.startsWith('a message') ? 'HTTP/1.1 200 Fine' : 'HTTP/1.1 200 OK');
  });

  it.each(Object.keys(forms))('lets %s override what setHeader() set, and nothing else', async (form) => {
    const { fields } = await headOf(forms[form] as Arguments, (res) => {
      res.setHeader('X-A', ['earlier', 'too']);
      res.setHeader('X-Kept', 'kept');
      res.setHeader('Set-Cookie', 'earlier=1');
    });
    expect(fields.sort()).toEqual([
      'set-cookie: a=1',
      'set-cookie: b=2',
      'set-cookie: sid=1',
      'x-a: later',
      'x-kept: kept',
    ]);
  });

  it('lets head() add a cookie to those that setHeader() set', async () => {
    const { fields } = await headOf([200], (res) => res.setHeader('set-cookie', 'a=1'));
    expect(fields).toEqual(['set-cookie: a=1', 'set-cookie: sid=1']);
  });

  it('does not change the lists that the app gave', async () => {
    const cookies = ['a=1'];
    const list = ['set-cookie', cookies, 'set-cookie', 'b=2'];
    const { fields } = await headOf([200, list]);
    expect(fields).toEqual(['set-cookie: a=1', 'set-cookie: b=2', 'set-cookie: sid=1']);
    expect([cookies, list]).toEqual([['a=1'], ['set-cookie', cookies, 'set-cookie', 'b=2']]);
  });

  it.each([
    ['writeHead()', (res: ServerResponse) => void res.writeHead(206).end()],
    ['end()', (res: ServerResponse) => void res.end('x')],
    ['write()', (res: ServerResponse) => void (res.write('x'), res.end())],
    ['flushHeaders()', (res: ServerResponse) => void (res.flushHeaders(), res.end())],
  ])('makes the head once, with the status that leaves, when it begins with %s', async (_, answer) => {
    const hooks = makeHooks();
    hooks.addFields = addCookie;
    const port = await serve((_, res) => {
      res.statusCode = 206;
      gate(res, hooks);
      answer(res);
    });
    const { fields, statusLine } = await ask(port);
    expect(statusLine).toBe('HTTP/1.1 206 Partial Content');
    expect(fields.filter((field) => field.includes('sid='))).toHaveLength(1);
    expect(hooks.log.filter((entry) => entry.startsWith('head'))).toEqual(['head 206']);
  });

  it.each([204, 304])('adds its fields to a %i', async (status) => {
    const { fields, body } = await headOf([status]);
    expect([fields, body]).toEqual([['set-cookie: sid=1'], '']);
  });
});
