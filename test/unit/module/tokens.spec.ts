import 'reflect-metadata';
import { SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';
import { describe, expect, it } from 'vitest';
import { getStorageToken, InjectStorage } from '../../../src/module/tokens.js';

describe('getStorageToken()', () => {
  it('is another for each session, that of a single one by default', () => {
    expect(getStorageToken()).toBe(getStorageToken('sid'));
    expect(getStorageToken('a')).not.toBe(getStorageToken('b'));
  });
});

describe('InjectStorage()', () => {
  it('injects what stands under that token', () => {
    class Service {
      constructor(
        @InjectStorage() readonly only: unknown,
        @InjectStorage('cart') readonly cart: unknown,
      ) {}
    }
    expect(Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, Service)).toEqual(
      expect.arrayContaining([
        { index: 0, param: getStorageToken('sid') },
        { index: 1, param: getStorageToken('cart') },
      ]),
    );
  });
});
