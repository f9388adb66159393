import { expect, it } from '@jest/globals';
import { bearerOf } from './bearer.js';

it('a header of up to 8 KiB is looked into, and no longer one', () => {
  const header = `Bearer ${'x'.repeat(8_192 - 7)}`;
  expect(bearerOf(header)).toHaveLength(8_185);
  expect(bearerOf(`${header}x`)).toBeNull();
});
