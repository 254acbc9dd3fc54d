import { SessionsModule } from 'nest-sessions';

// What reads like an option of all sessions, and is one of none: it is refused at start, and should not compile.

// @ts-expect-error options of a session stand within `sessions`
SessionsModule.forRoot({ sessions: [{ name: 'cart' }], idleTimeout: '1h' });
