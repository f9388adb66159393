import { describe, expect, it } from '@jest/globals';
import type { Observer } from '#engine';
import { Tries } from './ddmin.js';
import { makePlan } from './make-plan.js';
import type { Plan } from './plan.js';
import { play, type Played } from './play.js';
import { readPlan } from './read-plan.js';
import { type Outcome, shrink } from './shrink.js';
import { kindOfFailure, slugOf } from './shrink-kind.js';
import { planText } from './shrink-text.js';

/** A check that no core can pass: as if what is loaded must never be unloaded. */
async function playStrictly(plan: Plan): Promise<Outcome> {
  let failure: string | undefined;
  let failedAt: number | undefined;
  const noUnload: Observer = {
    turnTaken: ({ actions, now }) => {
      const unload = actions.find((action) => action.kind === 'unload');
      if (!unload || failure !== undefined) return;
      failure = `at ${now.toFixed(1)} ms: ${unload.replica} is unloaded`;
      failedAt = now;
    },
  };
  const played: Played = await play(plan, { observers: [noUnload] });
  expect(played.failure).toBe(undefined);
  return { failure, failedAt };
}

/** What the happenings of a plan and its failure name, and what that is made of. */
function concerned({ happenings, models }: Plan, failure: string): ReadonlySet<string> {
  const named = happenings.flatMap((one): string[] => ('model' in one && one.model ? [one.model] : []));
  named.push(/ (\w+)@/.exec(failure)![1]!);
  const steps = models.flatMap(({ model, disk }) => (named.includes(model.id) ? (disk.steps ?? []) : []));
  return new Set([...named, ...steps]);
}

describe('shrink', () => {
  it('reduces a plan to a few happenings that fail in the same way', async () => {
    const plan = makePlan(4, { hours: 0.1 });
    const before = await playStrictly(plan);
    const { plan: left, failure } = await shrink(plan, before, {
      playIt: playStrictly,
      tries: new Tries(100),
    });
    expect(plan.happenings.length).toBeGreaterThan(50);
    expect(left.happenings.length).toBeLessThanOrEqual(3);
    expect(left.servers.length).toBe(1);
    expect(left.models.filter(({ model }) => !concerned(left, failure).has(model.id))).toEqual([]);
    const again = await playStrictly(readPlan(planText({ ...left, title: failure })));
    expect(again.failure).toBe(failure);
    expect(kindOfFailure(again.failure!)).toBe(kindOfFailure(before.failure!));
  });

  it('leaves a plan as it is where there are no tries', async () => {
    const plan = makePlan(3, { hours: 0.02 });
    const failed = { failure: 'at 5000.0 ms: it is so', failedAt: 5_000 };
    const playIt = (): Promise<Outcome> => Promise.resolve(failed);
    expect((await shrink(plan, failed, { playIt, tries: new Tries(0) })).plan).toBe(plan);
  });

  it('does not take another failure for the one it is after', async () => {
    const plan = makePlan(3, { hours: 0.02 });
    const failed = { failure: 'at 5000.0 ms: m1@s0 is idle and still there', failedAt: 5_000 };
    const playIt = (): Promise<Outcome> =>
      Promise.resolve({ failure: 'at 1.0 ms: a request for m1 was not answered', failedAt: 1 });
    expect((await shrink(plan, failed, { playIt, tries: new Tries(50) })).plan).toBe(plan);
  });
});

describe('the kind of a failure', () => {
  it.each([
    ['at 53.0 ms: no rest: m3@s0 is idle and still there; m1 is pinned', 'no rest: is idle and still there'],
    ['at 7.5 ms: load m4@s1 leaves gpu:s1/0 at 99 of 7 MiB (m1 ready 5)', 'load leaves at of MiB'],
    ['at 7.5 ms: a second look wants [{"kind":"load"}]', 'a second look wants'],
  ])('is told by its words alone: %s', (failure, kind) => {
    expect(kindOfFailure(failure)).toBe(kind);
  });

  it('is a name for a file', () => {
    expect(slugOf('at 1.0 ms: no rest: m3@s0 is idle; and more')).toBe('no-rest-is-idle');
    expect(slugOf('at 1.0 ms: 17')).toBe('a-promise');
  });
});
