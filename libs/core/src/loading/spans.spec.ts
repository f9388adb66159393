import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Span, Spans } from './spans.js';

const moment = fc.nat({ max: 30 });
const span = fc
  .tuple(moment, moment)
  .map(([from, took]): Span => ({ replica: null, from, until: from + took }));
const spans = fc.array(span, { maxLength: 12 });
const most = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 4 }))
  .map(([slots, more]) => ({ slots, depth: slots + more }));

/** The first moment, now or when one of all ends, at which fewer are left than may have places and a slot is free. */
function turnBehind(ahead: readonly Span[], { slots, depth }: { slots: number; depth: number }): number {
  const isOpen = (at: number): boolean =>
    ahead.filter(({ until }) => until > at).length < depth &&
    ahead.filter(({ from, until }) => from <= at && at < until).length < slots;
  return Math.min(...[0, ...ahead.map(({ until }) => until)].filter(isOpen));
}

describe('the turn behind the loads of a server', () => {
  it('comes when a scan of all that are ahead says so', () => {
    fc.assert(
      fc.property(spans, spans, most, moment, (there, joining, slots, early) => {
        const line = new Spans(there, slots);
        for (const one of joining) line.add(one);
        const isAhead = ({ from }: Span): boolean => from !== early;
        const ahead = [...there, ...joining].filter(isAhead);
        expect(line.turn(isAhead)).toBe(turnBehind(ahead, slots));
      }),
      { numRuns: 500 },
    );
  });
});
