/** A kind of server, as tests come by one. */
export interface Engine {
  readonly name: string;
  /** The variable of the environment that says where one is. */
  readonly variable: string;
  /** @returns its program on this machine, installed if need be; `undefined` when it cannot be had */
  find(): Promise<string | undefined>;
  start(): Promise<StartedServer>;
}

/** A server of this run alone. */
export interface StartedServer {
  readonly url: string;
  /** Ends it, and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Comes by a server: the one that the environment names, else one of this run's own.
 *
 * @returns `undefined` when there is none to be had
 */
export async function serverOf({ variable, find, start }: Engine): Promise<StartedServer | undefined> {
  const given = process.env[variable];
  // It is whose it is: it is not ended
  if (given !== undefined && given !== '') return { url: given, remove: async () => {} };
  return (await find()) === undefined ? undefined : start();
}
