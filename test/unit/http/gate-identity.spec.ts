import type { ServerResponse } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { gate } from '../../../src/http/response-gate.js';
import { answers } from './gate-answers.js';
import { commitInATurn, exchange, LabHooks, serve } from './gate-lab.js';

/** Node itself refuses trailers where there is no body. */
const hasNoHead = new Set(['trailers']);

type Answer = (response: ServerResponse) => unknown;

/** Nothing to store, or something that takes a turn, and for `twice` something more once it has been stored. */
const gates: Record<string, () => LabHooks> = {
  'with nothing to store': () => new LabHooks(),
  'behind a commit': () => new LabHooks().next(commitInATurn),
  'behind two commits': () => new LabHooks().next(commitInATurn, commitInATurn),
};

const platforms: Record<string, (answer: Answer) => Promise<number>> = {
  'node:http': (answer) => serve((_, res) => answer(res)),
  Express: (answer) =>
    serve(
      express()
        .disable('x-powered-by')
        .use((_, res) => void answer(res)),
    ),
};

describe.each(Object.keys(platforms))('gate() on %s', (platform) => {
  const start = platforms[platform] as (answer: Answer) => Promise<number>;

  describe.each(Object.keys(gates))('%s', (kind) => {
    it.each(Object.keys(answers))('leaves every byte of %s as it is', async (name) => {
      const answer = answers[name] as Answer;
      const logs: string[][] = [];
      const plain = await start(answer);
      const gated = await start((res) => {
        const hooks = (gates[kind] as () => LabHooks)();
        logs.push(hooks.log);
        gate(res, hooks);
        return answer(res);
      });

      const methods = hasNoHead.has(name) ? ['GET'] : ['GET', 'HEAD'];
      for (const method of methods) {
        expect(await exchange(gated, `${method} / HTTP/1.1`)).toBe(await exchange(plain, `${method} / HTTP/1.1`));
      }
      expect(logs).toHaveLength(methods.length);
      for (const log of logs) expect(log[0]).toBe(kind === 'with nothing to store' ? 'nothing' : 'commit');
      for (const log of logs)
        expect(log.filter((entry) => /head|late|failure/.test(entry))).toEqual([expect.stringContaining('head')]);
    });
  });
});
