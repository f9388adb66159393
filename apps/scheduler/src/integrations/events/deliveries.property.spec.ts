import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Dead, Deliveries, type Due, MAX_IN_FLIGHT } from './deliveries.js';
import type { Sent } from './endpoint-queue.js';

const HOUR = 3_600_000;
const MAX_WAITING = 5;

/** What is told: after so long an event about a subject for one of the endpoints. */
interface Telling {
  readonly after: number;
  readonly endpoint: number;
  readonly subject: number;
}

/** How an endpoint answers, try after try, over and over. `took` is how long it takes. */
type Answer = { readonly kind: Sent['kind']; readonly took: number; readonly retryAfter: number | null };

const telling = fc.record({
  after: fc.integer({ min: 0, max: 20_000 }),
  endpoint: fc.nat(2),
  subject: fc.nat(2),
});
const answer: fc.Arbitrary<Answer> = fc.record({
  kind: fc.constantFrom('delivered', 'failed', 'failed', 'gone'),
  took: fc.integer({ min: 0, max: 10_000 }),
  retryAfter: fc.option(fc.integer({ min: 0, max: 2 * HOUR })),
});
const scripts = fc.array(fc.array(answer, { minLength: 1, maxLength: 12 }), { minLength: 3, maxLength: 3 });

describe('deliveries', () => {
  it('deliver every event once at least or give it up, in order per subject, within their bounds', () => {
    fc.assert(
      fc.property(
        fc.array(telling, { maxLength: 60 }),
        scripts,
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (tellings, answers, random) => void play(tellings, answers, random),
      ),
      { numRuns: 100 },
    );
  });

  it('send to an endpoint that answers at once, whatever others do', () => {
    fc.assert(
      fc.property(fc.array(telling, { maxLength: 60 }), scripts, (tellings, [one, other]) => {
        const well: Answer[] = [{ kind: 'delivered', took: 0, retryAfter: null }];
        const { delivered, addedAt } = play(tellings, [one!, other!, well], 0);
        for (const { endpoint, number, at } of delivered) {
          if (endpoint === 'e2') expect(at).toBe(addedAt.get(number));
        }
        const toIt = tellings.filter(({ endpoint }) => endpoint === 2).length;
        expect(delivered.filter(({ endpoint }) => endpoint === 'e2')).toHaveLength(toIt);
      }),
      { numRuns: 50 },
    );
  });
});

/** Plays to the end on virtual time, and checks what must hold at each step. */
function play(tellings: readonly Telling[], answers: readonly (readonly Answer[])[], random: number) {
  const deliveries = new Deliveries(() => random, MAX_WAITING);
  deliveries.setEndpoints(['e0', 'e1', 'e2']);
  const flights: { due: Due; endsAt: number; sent: Sent }[] = [];
  const tries = [0, 0, 0];
  const subjects = new Map<number, string>();
  const addedAt = new Map<number, number>();
  const open = new Map<number, string>();
  const delivered: (Due & { at: number })[] = [];
  let [now, told, sum] = [0, 0, 0];
  const due = tellings.map(({ after, ...rest }) => ({ at: (sum += after), ...rest }));

  const bury = (dead: readonly Dead[]): void => {
    for (const { number, endpoint } of dead) {
      expect(open.get(number)).toBe(endpoint);
      open.delete(number);
    }
  };
  const launch = (): void => {
    for (const one of deliveries.take(now)) {
      const nth = Number(one.endpoint[1]);
      const script = answers[nth]!;
      const { kind, took, retryAfter } = script[tries[nth]!++ % script.length]!;
      const sent: Sent = kind === 'failed' ? { kind, retryAfter } : { kind };
      inOrder(one);
      flights.push({ due: one, endsAt: now + took, sent });
      expect(flights.length).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    }
  };
  /** Nothing of the same endpoint and subject with a smaller number is open, or in flight beside it. */
  function inOrder({ endpoint, number }: Due): void {
    const subject = subjects.get(number);
    for (const [other, to] of open) {
      if (to === endpoint && subjects.get(other) === subject) expect(other).toBeGreaterThanOrEqual(number);
    }
    expect(flights.some(({ due: { number: other } }) => other === number)).toBe(false);
  }

  /** What is told by now is added. */
  function arrive(): void {
    const next = due[told];
    if (next === undefined || next.at > now) return;
    told += 1;
    subjects.set(told, `s${next.subject}`);
    addedAt.set(told, now);
    open.set(told, `e${next.endpoint}`);
    bury(deliveries.add(`e${next.endpoint}`, told, `s${next.subject}`));
  }
  /** What was sent, and is answered by now, has ended. */
  function land(): void {
    const landed = flights.findIndex(({ endsAt }) => endsAt <= now);
    if (landed < 0) return;
    const [flight] = flights.splice(landed, 1);
    const { isDone, dead } = deliveries.ended(flight!.due, flight!.sent, now);
    if (isDone) delivered.push({ ...flight!.due, at: now });
    if (isDone) open.delete(flight!.due.number);
    bury(dead);
  }

  for (let steps = 0; steps < 20_000; steps += 1) {
    const landing = Math.min(Infinity, ...flights.map(({ endsAt }) => endsAt));
    const at = Math.min(due[told]?.at ?? Infinity, landing, deliveries.nextAt());
    if (at === Infinity) break;
    now = Math.max(now, at);
    arrive();
    land();
    for (const name of ['e0', 'e1', 'e2']) {
      expect(deliveries.standing(name).waiting).toBeLessThanOrEqual(MAX_WAITING);
    }
    launch();
  }
  expect([told, open.size, deliveries.waiting, flights.length]).toEqual([due.length, 0, 0, 0]);
  return { delivered, addedAt };
}
