import { describe, expect, it } from '@jest/globals';
import type { ExplanationMessage } from '../explanation.js';
import { explanationLines } from './explanation-lines.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const later = (seconds: number): string => new Date(NOW + 1_000 * seconds).toISOString();

const DEVICE = {
  ...{
    server: 's',
    ordinal: 0,
    kind: 'gpu',
    together: [0],
    brings: [],
    flags: [],
    closed: null,
    foreignMb: null,
    residueMb: 0,
  },
  ...{ needsMb: 6, capacityMb: 10, heldMb: 6, promisedMb: 0, leavingMb: 0, freeMb: 4, shortMb: 2 },
  ...{ victims: [], victimsLeftOut: 0 },
} satisfies Omit<ExplanationMessage['devices'][number], 'verdict' | 'until'>;

/** A model that is nowhere, with one server and its one device. */
function explained(
  told: Pick<ExplanationMessage['servers'][number], 'verdict' | 'until' | 'cooldown'>,
): Omit<ExplanationMessage, 'lines'> {
  const { verdict, until, cooldown } = told;
  return {
    model: 'm',
    source: 'file',
    enabled: true,
    state: 'absent',
    pinnedCopies: 0,
    presentCopies: 0,
    waiting: 0,
    lackingSince: null,
    orderedUntil: null,
    progress: null,
    predictedWaitMs: null,
    refusal: null,
    copies: [],
    servers: [{ server: 's', state: 'ready', verdict, until, cooldown, host: null, flags: [] }],
    devices: [{ ...DEVICE, verdict, until }],
    lastFailure: null,
    nextTryAt: null,
    lastUnload: null,
  };
}

const rows = (told: Parameters<typeof explained>[0]): string[] =>
  explanationLines(explained(told), NOW)
    .filter((line) => line.startsWith('s'))
    .map((line) => line.replaceAll(/ {2,}/g, ' | '))
    .filter((line) => !line.startsWith('state'));

it('says how many executions of a copy failed, and whether their callers may have given up', () => {
  const copy = {
    ...{ server: 's', devices: [0], phase: 'ready' as const, since: later(-9), until: null, memoryMb: 4 },
    ...{ flags: [], holds: [], leaving: null },
  };
  const failsIn = (mayBeGivenUp: boolean): string | undefined => {
    const failures = { failed: 21, of: 41, mayBeGivenUp };
    const told = explained({ verdict: 'holds', until: null, cooldown: null });
    const copies = [{ ...copy, failures }];
    return explanationLines({ ...told, copies }, NOW).find((line) => line.startsWith('fails'));
  };
  expect(failsIn(false)).toBe('fails      on s: 21 of 41 executions within 30 s failed');
  expect(failsIn(true)).toBe(
    'fails      on s: 21 of 41 executions within 30 s failed, or their callers gave up in its queue',
  );
});

it('says of a copy that has outlived its unload what ends that', () => {
  const hold = { reason: 'outlived' as const, until: null, by: [], detail: null };
  const copy = {
    ...{ server: 's', devices: [0], phase: 'ready' as const, since: later(-9), until: null, memoryMb: 4 },
    ...{ flags: [], holds: [hold], leaving: null, failures: null },
  };
  const told = explained({ verdict: 'holds', until: null, cooldown: null });
  const lines = explanationLines({ ...told, copies: [copy] }, NOW);
  expect(lines.join('\n')).toContain('outlived its unload: load it, then unload it');
});

describe('how far a load has come', () => {
  const progressOf = (etaMs: number | null): string | undefined =>
    explanationLines(
      {
        ...explained({ verdict: 'frozen', until: null, cooldown: null }),
        progress: { phase: 'waiting', etaMs, position: 1 },
      },
      NOW,
    ).find((line) => line.startsWith('progress'));

  it('is told with the time it should take, and with none where the fleet is frozen', () => {
    expect(progressOf(10_000)).toBe('progress   waiting, ready in about 10 s');
    expect(progressOf(null)).toBe('progress   waiting, there is no telling when');
  });
});

describe('a closed device', () => {
  const lineOf = (closed: ExplanationMessage['devices'][number]['closed']): string | undefined => {
    const told = explained({ verdict: 'closed', until: later(1.9), cooldown: null });
    return explanationLines({ ...told, devices: [{ ...told.devices[0]!, closed }] }, NOW).find((line) =>
      line.startsWith('s:0 is'),
    );
  };

  it('has a line that says since when, why, and when it should open', () => {
    expect(lineOf({ since: later(-1.2), because: 'ran_out', until: later(1.9) })).toBe(
      's:0 is closed for 1.2 s, since a load ran out of memory although the books had room; it opens in about 1.9 s',
    );
    expect(lineOf({ since: later(-1.2), because: 'not_known_yet', until: null })).toBe(
      's:0 is closed for 1.2 s, since the books do not explain all that is in use there; it opens some time after the loads under way there',
    );
    expect(lineOf(null)).toBeUndefined();
  });
});

describe('the verdict on a server and a device', () => {
  it('says when time alone ends it', () => {
    const found = rows({ verdict: 'swaps_spent', until: later(50), cooldown: null });
    expect(found).toHaveLength(2);
    for (const line of found) expect(line).toContain(' | swaps spent, ends in 50 s');
  });

  it('says no more where time does not', () => {
    const found = rows({ verdict: 'quarantined', until: null, cooldown: null });
    for (const line of found) expect(line).toMatch(/ \| quarantined($| \|)/);
    expect(found).toHaveLength(2);
  });

  it('leaves it to a column of its own when a cooldown ends', () => {
    const cooldown = { until: later(5), cause: 'capacity', by: 'back_off' } as const;
    const [server] = rows({ verdict: 'cooling_down', until: later(5), cooldown });
    expect(server).toContain(' | cooling down | capacity, ends in 5 s');
  });

  it('says of one that waits for a load elsewhere that it ends with that', () => {
    const cooldown = { until: null, cause: 'missing', by: 'half_open' } as const;
    const [server] = rows({ verdict: 'cooling_down', until: null, cooldown });
    expect(server).toContain(' | cooling down | missing, ends with a load elsewhere');
  });
});

it.each([
  [{ refusal: 'no_capacity', predictedWaitMs: null }, 'would be refused: no capacity'],
  [{ refusal: null, predictedWaitMs: null }, 'would wait, and there is no telling how long'],
  [{ refusal: null, predictedWaitMs: 15_000 }, 'would wait about 15 s'],
  [{ refusal: null, predictedWaitMs: 0 }, 'would be answered at once'],
])('says of %j what a request would get', (foretold, words) => {
  const told = explained({ verdict: 'room', until: null, cooldown: null });
  expect(explanationLines({ ...told, ...foretold }, NOW)).toContain(`a request  ${words}`);
});
