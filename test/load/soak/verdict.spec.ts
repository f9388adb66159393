import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';
import { judge, type Reading, type SoakSeen, tableOf } from './verdict.js';

const MINUTE = 60_000;

/** Half an hour, read each 10 s. */
function readings(of: (minute: number) => Partial<Reading>): Reading[] {
  return Array.from({ length: 180 }, (_, nth) => {
    const at = nth * 10_000;
    return { at, residentMb: 200, files: 300, ...of(at / MINUTE) };
  });
}

const seen = (parts: Partial<SoakSeen> = {}): SoakSeen => ({
  lastedMs: 30 * MINUTE,
  readings: readings(() => ({})),
  heapsMb: [80, 81, 79, 80, 82],
  warm: { count: 9, failed: [], slowest: 3 },
  health: { count: 9, failed: [], slowest: 30 },
  done: { 'hostile, nothing': 2 },
  ownLagMs: 0,
  ...parts,
});

const missed = (parts: Partial<SoakSeen>): string[] =>
  judge(seen(parts)).flatMap(({ what, met }) => (met ? [] : [what]));

describe('what is made of a soak', () => {
  it('is met where memory is flat and all was answered', () => {
    expect(missed({})).toEqual([]);
    expect(tableOf(seen())).toContain('hostile, nothing: 2');
  });

  it('lets memory grow while it settles, and not after', () => {
    const early = readings((minute) => ({ residentMb: 100 + 20 * Math.min(5, minute) }));
    expect(missed({ readings: early })).toEqual([]);
    const leaking = readings((minute) => ({ residentMb: 200 + 2 * minute }));
    expect(missed({ readings: leaking })).toEqual(['memory (RSS, median)']);
  });

  it('is missed where the heap grows, though the process holds no more', () => {
    expect(missed({ heapsMb: [80, 82, 84, 86, 89] })).toEqual(['heap in use after a collection']);
  });

  it('is missed where one warm resolve failed, and names it', () => {
    const warm = { count: 9, failed: ['warm resolve: no_server'], slowest: 3 };
    expect(missed({ warm })).toEqual(['warm resolves']);
    expect(tableOf(seen({ warm }))).toContain('no_server');
  });

  it('is missed where health was late once, or was never asked', () => {
    expect(missed({ health: { count: 9, failed: [], slowest: 1_001 } })).toEqual(['health']);
    expect(missed({ health: { count: 0, failed: [], slowest: 0 } })).toEqual(['health']);
  });

  it('is missed where nothing was read', () => {
    expect(missed({ readings: [], heapsMb: [80] })).toEqual([
      'memory (RSS, median)',
      'heap in use after a collection',
    ]);
  });
});

describe('the options of a soak', () => {
  it('are 30 minutes and 200 silent servers, unless said otherwise', () => {
    expect(readOptions([])).toEqual({ minutes: 30, silent: 200 });
    expect(readOptions(['--minutes', '0.5', '--silent', '0'])).toEqual({ minutes: 0.5, silent: 0 });
  });

  it('are refused where they make no sense', () => {
    for (const args of [['--minutes', 'x'], ['--minutes', '0'], ['--silent', '-1'], ['--loud']])
      expect(() => readOptions(args)).toThrow();
  });
});
