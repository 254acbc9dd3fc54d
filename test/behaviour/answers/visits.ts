import { Header } from '@nestjs/common';
import type { Session, SessionsService } from 'nest-sessions';

/** The session of these tests: each way to answer counts one visit. */
export class Visits {
  count = 0;
}

export type Visit = Pick<Session<Visits>, 'data'>;

/** Injects the session into a handler, or, into the same handler of an app without sessions, an object like it. */
export type Visited = () => ParameterDecorator;

/** What guards, filters and middleware need of `SessionsService`; an app without sessions has a stand-in. */
export type VisitsOf = Pick<SessionsService, 'of'>;

/** Changes the session, then gives the answer. */
export function visit(session: Visit): void;
export function visit<Answer>(session: Visit, answer: Answer): Answer;
export function visit<Answer>(session: Visit, answer?: Answer): Answer | undefined {
  session.data.count += 1;
  return answer;
}

/** The app's own cookie, on handlers that have no response in hand. */
export const Themed = (): MethodDecorator => Header('Set-Cookie', 'theme=dark; Path=/');

/** What responses of Express, of Fastify and of Node have in common for these tests. */
interface AnyResponse {
  header?(name: string, value: readonly string[]): unknown;
  setHeader?(name: string, value: readonly string[]): unknown;
}

/** The app's own cookies, two of them, on a response of Express, of Fastify or of Node. */
export function setCookies<Response extends AnyResponse>(response: Response): Response {
  const cookies = ['theme=dark; Path=/', 'lang=en'];
  if (response.header === undefined) response.setHeader?.('Set-Cookie', cookies);
  else response.header('Set-Cookie', cookies);
  return response;
}
