import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Credentials } from './credentials.pipe.js';
import { DEMO_USERS } from './demo-users.js';
import { hashPassword, verifyPassword } from './password.js';
import type { User } from './user.js';

/** Knows the users; a real shop asks its database. */
@Injectable()
export class UsersService implements OnModuleInit {
  readonly #users = new Map<string, User>();
  #nobodysHash = '';

  async onModuleInit(): Promise<void> {
    this.#nobodysHash = await hashPassword(randomUUID());
    for (const { password, ...user } of DEMO_USERS) {
      this.#users.set(user.id, { ...user, passwordHash: await hashPassword(password) });
    }
  }

  /** Finds a user; `undefined` when there is none, or no id. */
  find(id: string | undefined): User | undefined {
    return id === undefined ? undefined : this.#users.get(id);
  }

  /** Finds the user these credentials belong to; `undefined` when the name or the password is wrong. */
  async verify({ username, password }: Credentials): Promise<User | undefined> {
    const user = [...this.#users.values()].find((candidate) => candidate.username === username);
    // An unknown name is checked as well: an answer that came faster would say which names exist.
    const matches = await verifyPassword(password, user?.passwordHash ?? this.#nobodysHash);
    return matches ? user : undefined;
  }
}
