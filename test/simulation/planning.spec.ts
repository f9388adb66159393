import { Now } from '#core';
import assert from 'node:assert/strict';
import { describe, expect, it } from '@jest/globals';
import { type Fleet, type Model, Planning, type PlannedDevice, type Supposition, whyOf } from '#core';
import type { Observer } from '#engine';
import { SOMEBODY } from '../support/builders.js';
import { makePlan } from './make-plan.js';
import { play } from './play.js';
import { Random } from './random.js';

const SEEDS = [1, 2, 3, 4];
const HOURS = 0.05;
const EVERY = 40;
const BOUNDS = { within: 600_000, turns: 300, items: 1_000 };

/** Plans something, and explains every model, each so many turns of whatever happens: in the midst of faults, too. */
class Planner implements Observer {
  turns = 0;
  readonly ends: string[] = [];
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed, 'planning');
  }

  turnTaken({ now }: { readonly now: number }, fleet: Readonly<Fleet>): void {
    this.turns += 1;
    if (this.turns % EVERY !== 0) return;
    const supposition = this.suppose(fleet);
    const planning = new Planning(fleet, supposition, now, BOUNDS);
    while (planning.turn());
    const plan = planning.plan();
    this.ends.push(plan.end);
    for (const device of plan.devices) checkMemory(device);
    for (const { model } of plan.answers.items)
      assert(supposition.lost.length > 0 || supposition.asked.includes(model));
    for (const id of fleet.models.keys()) explained(fleet, id, now);
  }

  private suppose({ servers, models }: Readonly<Fleet>): Supposition {
    const some = <Item>(items: Iterable<Item>, share: number): Item[] =>
      [...items].filter(() => this.random.chance(share));
    const pinned = some(models.values(), 0.1).map((model): Model => ({ ...model, pinnedCopies: 1 }));
    const lost = some(servers.keys(), 0.3);
    const drained = some(servers.keys(), 0.2).filter((id) => !lost.includes(id));
    return { models: pinned, lost, drained, asked: some(models.keys(), 0.3), tenant: SOMEBODY.tenant };
  }
}

/** Nothing is loaded onto memory that is not there: what was over its capacity before may only shrink. */
function checkMemory({ server, ordinal, before, after }: PlannedDevice): void {
  assert(
    after.held <= Math.max(after.capacity, before.held),
    `${server}/${ordinal} is planned over its capacity`,
  );
}

/**
 * A place has no room exactly where no victims would make it. No victim that holds what is short is pinned,
 * or in a phase that keeps it.
 */
function explained(fleet: Readonly<Fleet>, id: Model['id'], now: number): void {
  for (const { places } of whyOf(fleet, id, new Now(now)).there) {
    for (const { verdict, victims, accounts } of places) {
      assert.equal(verdict === 'no_room', victims === null);
      const holders = accounts.flatMap((account) => account.holders);
      for (const { replica, holds } of holders) {
        if (!victims?.includes(replica)) continue;
        assert.deepEqual(
          holds.filter(({ kind }) => kind === 'pinned' || kind === 'phase'),
          [],
          replica,
        );
      }
    }
  }
}

describe('planning in the midst of faults', () => {
  it.each(SEEDS)('changes nothing of what happens (SEED=%i)', async (seed) => {
    const plan = makePlan(seed, { hours: HOURS });
    const planner = new Planner(seed);
    const planned = await play(plan, { observers: [planner] });
    expect(planned.failure).toBeUndefined();
    expect(planner.ends.length).toBeGreaterThan(0);
    expect(planned.digest).toBe((await play(plan)).digest);
  });
});
