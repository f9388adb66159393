import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FleetNeed } from './fleet-need.js';

const MINUTE = 60_000;

/** The types of the events that come of `[at, wanted, present]`. */
function told(...numbers: readonly (readonly [number, number, number])[]): (string | null)[] {
  const need = new FleetNeed();
  return numbers.map(([at, wanted, present]) => need.at({ wanted, present }, at)?.type ?? null);
}

describe('what the fleet needs', () => {
  it('is told at once where servers are lacking, with the numbers', () => {
    const need = new FleetNeed();
    expect(need.at({ wanted: 2, present: 2 }, 0)).toBeNull();
    expect(need.at({ wanted: 3, present: 2 }, 1)).toEqual({
      type: 'fleet.pressure',
      subject: 'fleet',
      data: { serversWanted: 3, serversPresent: 2 },
    });
  });

  it('is told again only where more are lacking than was told', () => {
    expect(told([0, 3, 2], [1, 3, 2], [2, 5, 2], [3, 4, 2], [4, 5, 2], [5, 6, 2])).toEqual([
      ...['fleet.pressure', null, 'fleet.pressure', null, null, 'fleet.pressure'],
    ]);
  });

  it('is told once, however often the numbers go back and forth within a minute', () => {
    expect(told([0, 3, 2], [1, 3, 3], [2, 3, 2], [3, 3, 3], [4, 3, 2])).toEqual([
      ...['fleet.pressure', null, null, null, null],
    ]);
  });

  it('is told anew once it was over for a minute', () => {
    expect(told([0, 3, 2], [1, 3, 3], [MINUTE + 1, 3, 3], [MINUTE + 2, 3, 2])).toEqual([
      ...['fleet.pressure', null, null, 'fleet.pressure'],
    ]);
  });

  it('is slack where too many were there for a minute', () => {
    expect(told([0, 1, 2], [MINUTE - 1, 1, 2], [MINUTE, 1, 2], [MINUTE + 1, 1, 2])).toEqual([
      ...[null, null, 'fleet.slack', null],
    ]);
    expect(told([0, 1, 2], [1, 2, 2], [MINUTE, 1, 2])).toEqual([null, null, null]);
  });

  it('makes at most one event of a need in a minute unless more are lacking', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (script) => {
        const need = new FleetNeed();
        let [now, last] = [0, -Infinity];
        for (const [wait, isLacking] of script) {
          now += wait;
          if (need.at({ wanted: isLacking ? 3 : 2, present: 2 }, now) === null) continue;
          expect(now - last).toBeGreaterThanOrEqual(MINUTE);
          last = now;
        }
      }),
    );
  });
});
