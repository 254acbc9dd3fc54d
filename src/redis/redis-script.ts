import { createHash } from 'node:crypto';

/** A script in Lua, which the server runs in one step. */
export class RedisScript {
  /** The name under which a server knows it, once it has run it. */
  readonly sha: string;

  constructor(readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }
}
