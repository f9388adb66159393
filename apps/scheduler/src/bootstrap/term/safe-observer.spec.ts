import { describe, expect, it } from '@jest/globals';
import { emptyFleet } from '#core';
import { observersOf } from './safe-observer.js';

const TURN = { events: [], actions: [], now: 1, took: 0 };

describe('an observer that throws', () => {
  const aBroken = () => ({
    told: 0,
    turnTaken(): void {
      this.told += 1;
      throw new Error('no such label');
    },
  });

  function told(needed: readonly ReturnType<typeof aBroken>[], telemetry = [aBroken()]) {
    const logged: string[] = [];
    const log = { error: (_: unknown, text?: string) => logged.push(text!) };
    const observers = observersOf(needed, telemetry, log as never);
    const tell = (): void => {
      for (const one of observers) one.turnTaken(TURN, emptyFleet());
    };
    return { tell, logged };
  }

  it('harms nothing where it is telemetry: that is logged once', () => {
    const telemetry = aBroken();
    const { tell, logged } = told([], [telemetry]);
    tell();
    tell();
    expect(telemetry.told).toBe(2);
    expect(logged).toEqual(['Object failed; all else goes on']);
  });

  it('fails the turn where answers depend on it, before any recording has that turn', () => {
    const telemetry = aBroken();
    const { tell, logged } = told([aBroken()], [telemetry]);
    expect(tell).toThrow('no such label');
    expect([telemetry.told, logged]).toEqual([0, []]);
  });
});
