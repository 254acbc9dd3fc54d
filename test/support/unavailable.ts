import { expect } from 'vitest';
import type { Answer } from './client.js';

/** The client learns that it may try again, and nothing else. */
export function expectUnavailable({ status, headers, text, handed }: Answer): void {
  expect({ status, handed }).toEqual({ status: 503, handed: [] });
  expect(headers['retry-after']).toBe('5');
  expect(text).not.toMatch(/success|stored|replied|ECONNRESET|test storage/);
}
