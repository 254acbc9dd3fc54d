import type { SessionOptions } from 'nest-sessions';
import { HOUR, MINUTE } from './program.js';
import type { ModelSettings } from './reference-model.js';

/** How the apps of a scenario are set up beside what is usual. */
export type Variant = 'usual' | 'ids are named' | 'an hour at most' | 'cookies are refreshed';

/**
 * The options of a session.
 *
 * @param generateId names what a request asks for
 */
export function optionsOf(variant: Variant, generateId: () => string): SessionOptions {
  switch (variant) {
    case 'usual':
      return {};
    case 'ids are named':
      return { generateId };
    case 'an hour at most':
      return { absoluteTimeout: '1h' };
    case 'cookies are refreshed':
      return { cookie: { maxAge: '1h' } };
    default:
      return variant satisfies never;
  }
}

/** The same for the model; what is usual are the defaults of the library. */
export function modelSettingsOf(variant: Variant, travel: ModelSettings['travel']): ModelSettings {
  return {
    travel,
    idleTimeout: 30 * MINUTE,
    absoluteTimeout: variant === 'an hour at most' ? HOUR : 12 * HOUR,
    touchAfter: MINUTE,
    refreshes: variant === 'cookies are refreshed',
  };
}
