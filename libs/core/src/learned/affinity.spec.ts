import { describe, expect, it } from '@jest/globals';
import type { ModelId, ServerId } from '../index.js';
import { copyForKey } from './affinity.js';

const MODEL = 'resnet50' as ModelId;
const [A, B, C] = ['triton-a', 'triton-b', 'triton-c'].map((id) => ({ server: id as ServerId }));

/** By the table in docs/api.md `user-1` leads to triton-c, then to triton-b, then to triton-a. */
const forUser = (uses: readonly number[], copies = [A!, B!, C!]): string | undefined =>
  copyForKey(copies, { key: 'user-1', model: MODEL }, (copy) => uses[copies.indexOf(copy)]!)?.server;

describe('the copy for a key', () => {
  it('has the highest hash, in whatever order the copies come', () => {
    expect(forUser([0, 0, 0])).toBe('triton-c');
    expect(forUser([0, 0, 0], [C!, A!, B!])).toBe('triton-c');
    expect(forUser([0, 0], [B!, A!])).toBe('triton-b');
    expect(forUser([], [])).toBeUndefined();
  });

  it.each([
    ['used as much as the others', [80, 80, 80], 'triton-c'],
    ['used 1.25 times the mean', [70, 80, 90], 'triton-c'],
    ['used over 1.25 times the mean', [20, 30, 32], 'triton-c'],
    ['used over 1.25 times the mean', [20, 30, 36], 'triton-b'],
    ['used over 1.25 times the mean, and so is the next', [1, 30, 36], 'triton-a'],
    ['used alone, but fewer than 8 times', [0, 0, 7.9], 'triton-c'],
    ['used alone, 8 times', [0, 0, 8], 'triton-b'],
  ])('is left for the next one or not: %s', (_, uses, server) => {
    expect(forUser(uses)).toBe(server);
  });

  it('is never left where it is the only one', () => {
    expect(forUser([1_000], [C!])).toBe('triton-c');
  });
});
