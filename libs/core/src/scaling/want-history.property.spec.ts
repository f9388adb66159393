import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { largestWant, type WantHistory, withWant } from './want-history.js';

const HOUR = 3_600_000;

const samples = fc.array(
  fc.record({
    after: fc.oneof(fc.nat({ max: 10_000 }), fc.nat({ max: 2 * HOUR })),
    servers: fc.nat({ max: 50 }),
  }),
  { minLength: 1, maxLength: 200 },
);

interface Seen {
  readonly history: WantHistory;
  readonly now: number;
  readonly told: readonly { readonly at: number; readonly servers: number }[];
}

function* played(script: readonly { readonly after: number; readonly servers: number }[]): Generator<Seen> {
  let [history, now]: [WantHistory, number] = [[], 1_000];
  const told: { at: number; servers: number }[] = [];
  for (const { after, servers } of script) {
    now += after;
    history = withWant(history, servers, now);
    told.push({ at: now, servers });
    yield { history, now, told: [...told] };
  }
}

const holds = (property: (seen: Seen) => boolean): void =>
  fc.assert(fc.property(samples, (script) => [...played(script)].every(property)));

describe('the wants of the last hour', () => {
  it('are never told lower than any of them was', () => {
    holds(({ history, now, told }) =>
      told.every(({ at, servers }) => now - at >= HOUR || largestWant(history, now) >= servers),
    );
  });

  it('are told by no want that is older than an hour and a minute', () => {
    holds(({ history, now, told }) => {
      const young = told.filter(({ at }) => now - at <= HOUR + 60_000);
      return largestWant(history, now) <= Math.max(...young.map(({ servers }) => servers));
    });
  });

  it('take up no more than one entry for each minute', () => {
    holds(({ history }) => history.length <= 61);
    const often = Array.from({ length: 1_500 }, (_, nth) => ({ after: 5_000, servers: nth % 7 }));
    let most = 0;
    for (const { history } of played(often)) most = Math.max(most, history.length);
    expect(most).toBe(61);
  });

  it('are forgotten by time alone', () => {
    fc.assert(
      fc.property(samples, (script) => {
        const last = [...played(script)].at(-1)!;
        return largestWant(last.history, last.now + HOUR + 60_000) === 0;
      }),
    );
  });
});
