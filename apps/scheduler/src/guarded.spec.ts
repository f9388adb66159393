import { describe, expect, it } from '@jest/globals';
import { emptyFleet } from '#core';
import { Guarded } from './guarded.js';

const TURN = { events: [], actions: [], now: 1, took: 0 };

describe('a guarded observer', () => {
  it('may throw in every turn: that is logged once', () => {
    const logged: string[] = [];
    let told = 0;
    const observer = {
      turnTaken: () => {
        told += 1;
        throw new Error('no such label');
      },
    };
    const guarded = new Guarded(observer, {
      error: (_: unknown, text?: string) => logged.push(text!),
    } as never);
    guarded.turnTaken(TURN, emptyFleet());
    guarded.turnTaken(TURN, emptyFleet());
    expect(told).toBe(2);
    expect(logged).toEqual(['Object failed; all else goes on']);
  });
});
