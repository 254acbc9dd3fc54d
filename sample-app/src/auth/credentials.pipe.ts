import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** What the sign-in form sends. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const MAX_LENGTH = 200;

/** Accepts a username and a password of sensible length; anything else is a 400. */
@Injectable()
export class CredentialsPipe implements PipeTransform<unknown, Credentials> {
  transform(body: unknown): Credentials {
    const { username, password } = (body ?? {}) as Record<string, unknown>;
    if (!isText(username) || !isText(password)) throw new BadRequestException('Please send a name and a password.');
    return { username: username.trim().toLowerCase(), password };
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_LENGTH;
}
