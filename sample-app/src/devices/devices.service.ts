import { Inject, Injectable } from '@nestjs/common';
import { type PrincipalSession, SessionsService } from 'nest-sessions';
import { Device } from '../api/device.js';
import type { User } from '../auth/user.js';
import { Visitor } from '../auth/visitor.js';

/** The sessions that have a principal. All of them: who looks for a device that is not theirs must not miss one. */
const TYPES = { browser: Visitor, app: Device } as const;

/** Where somebody is signed in. */
export interface SignedInDevice extends PrincipalSession {
  readonly kind: keyof typeof TYPES;
}

/** Knows where users are signed in, and signs them out there. */
@Injectable()
export class DevicesService {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  /** Lists where a user is signed in, the device that was used last first. */
  async list({ id: principal }: User): Promise<SignedInDevice[]> {
    const devices: SignedInDevice[] = [];
    for (const kind of ['browser', 'app'] as const) {
      for await (const session of this.sessions.list({ principal, type: TYPES[kind] })) {
        devices.push({ ...session, kind });
      }
    }
    return devices.toSorted((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime());
  }

  /** Signs a user out on one device. Resolves to whether they were signed in there: on another user's device nothing happens. */
  async signOut({ id: principal }: User, id: string): Promise<boolean> {
    const ends = Object.values(TYPES).map((type) => this.sessions.invalidate(id, { principal, type }));
    return (await Promise.all(ends)).includes(true);
  }

  /** Signs a user out on all devices but one, and refuses every sign-in of theirs that is under way. */
  async signOutOthers({ id: principal }: User, except: string): Promise<void> {
    const ends = Object.values(TYPES).map((type) => this.sessions.invalidateAll({ principal, type, except }));
    await Promise.all(ends);
  }
}
