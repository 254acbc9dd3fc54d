import { Controller, Get } from '@nestjs/common';
import { Session, SessionsModule } from 'nest-sessions';
import type { AppFactory } from './app-spec.js';
import { benchData, type BenchData } from './bench-data.js';
import { nestApp } from './nest-app.js';

/** Ours, with as many sessions as the spec says, all of which one handler uses. */
export const severalSessions: AppFactory = ({ platform, sessions = 1 }) => {
  const names = Array.from({ length: sessions }, (_, at) => `s${at}`);

  @Controller()
  class SeveralController {
    @Get('read')
    read(...all: Session<Partial<BenchData>>[]): object {
      return { count: all.reduce((sum, { data }) => sum + (data.count ?? 0), 0) };
    }

    @Get('change')
    change(...all: Session<Partial<BenchData>>[]): object {
      for (const session of all) session.data = { ...benchData(1024), count: (session.data.count ?? 100_000) + 1 };
      return { count: all.length };
    }
  }

  // As `@Session('s0') s0: Session, @Session('s1') s1: Session` would, for a number that is known only here
  for (const handler of ['read', 'change'] as const) {
    for (const [at, name] of names.entries()) declare(Session(name), SeveralController.prototype, handler, at);
  }
  return nestApp(platform, {
    imports: [SessionsModule.forRoot({ sessions: names.map((name) => ({ name })) })],
    controllers: [SeveralController],
  });
};

function declare(decorator: unknown, prototype: object, handler: string, at: number): void {
  (decorator as ParameterDecorator)(prototype, handler, at);
}
