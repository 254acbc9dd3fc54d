import { Inject } from '@nestjs/common';
import { DEFAULT_NAME } from './session-definition.js';

/** Injects the clock of all sessions; tests override it with a `ManualClock`. */
export const SESSIONS_CLOCK = Symbol('nest-sessions:SESSIONS_CLOCK');

/** Injects the checked options of the sessions of one import. */
export const SESSION_DEFINITIONS = Symbol('nest-sessions:SESSION_DEFINITIONS');

/** Injects the settings that a factory returned. */
export const SESSIONS_SETTINGS = Symbol('nest-sessions:SESSIONS_SETTINGS');

/** Injects what one import of the module brings; found without injection, in all modules of an app. */
export const SESSIONS_IMPORT = Symbol('nest-sessions:SESSIONS_IMPORT');

/** Stands for the sessions of one import, built and registered. */
export const SESSIONS_REGISTRATION = Symbol('nest-sessions:SESSIONS_REGISTRATION');

/**
 * The injection token of a session's storage.
 *
 * @param name the session's name; default: that of a single session
 */
export function getStorageToken(name: string = DEFAULT_NAME): string {
  return `nest-sessions:storage:${name}`;
}

/** Injects a session's storage. */
export function InjectStorage(name: string = DEFAULT_NAME): ParameterDecorator & PropertyDecorator {
  return Inject(getStorageToken(name));
}
