import { fileURLToPath } from 'node:url';

/** Where the templates are. */
export const VIEWS_DIR = fileURLToPath(new URL('../../views', import.meta.url));

/** Where the stylesheet and the pictures are, and the path they are served under. */
export const PUBLIC_DIR = fileURLToPath(new URL('../../public', import.meta.url));
export const PUBLIC_PREFIX = '/assets/';

/** Where the sessions are kept, so that a restart ends none. */
export const SESSIONS_DIR = process.env['SESSIONS_DIR'] ?? fileURLToPath(new URL('../../.sessions', import.meta.url));
