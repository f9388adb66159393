import { describe, it } from '@jest/globals';
import { holds } from '../../../../test/support/core-histories.js';
import { crowded, crowdedFleet, NEWCOMER } from '../../../../test/support/crowded-fleets.js';
import { copyFleet } from '../plan/copy-fleet.js';
import type { Fleet } from '../fleet/fleet.js';
import { indexesOf } from '../fleet/indexes.js';
import { Ledger } from '../memory/ledger.js';
import { openServers } from '../fleet/standing.js';
import { bestPlan } from './best-plan.js';
import { byCost, candidatesOn } from './candidates.js';
import { placesOn, Site } from './places.js';
import { costOf, planFor } from './plan-victims.js';
import { victimsAmong, victimTest } from './victims.js';
import { type Want, wantFor } from '../demand/wants.js';
import fc from 'fast-check';

/** Wants of every rank for one copy more of each model, some of them old enough to starve. */
function wantsIn(fleet: Fleet, now: number): Want[] {
  return [...fleet.models.values()].flatMap((model) => {
    const want = wantFor(fleet, model, now);
    return [want, { ...want, rank: 3, isExtra: false, since: -Infinity }, { ...want, isExtra: true }];
  });
}

function isSamePlan(fleet: Fleet, want: Want, now: number): boolean {
  const ledger = new Ledger(fleet, now);
  const open = openServers(fleet, now);
  const all = open.map((server) => new Site(server, () => placesOn(fleet, server, want.model)));
  const sites = all.map((site) => site.where(({ bookings }) => !ledger.fitsSpare(bookings)));
  const places = sites.flatMap((site) => site.places);
  const isVictim = victimTest(fleet, want, now);
  const found = bestPlan(fleet, ledger, sites, want, isVictim);
  const victims = victimsAmong(fleet, isVictim, fleet.replicas.values());
  const plans = places.flatMap((place) => planFor(fleet, ledger, place, want, victims) ?? []);
  const [scanned] = plans.toSorted((one, other) => byCost(costOf(one.victims), costOf(other.victims)));
  return (
    found?.place === scanned?.place &&
    JSON.stringify(found?.victims ?? []) === JSON.stringify(scanned?.victims ?? [])
  );
}

describe('the set of replicas that makes room, whatever happened', () => {
  it('is the one that a scan of all places and replicas finds', () => {
    holds((fleet, now) => wantsIn(fleet, now).every((want) => isSamePlan(fleet, want, now)));
  });

  it('is the one that such a scan finds where there is hardly any room', () => {
    fc.assert(
      fc.property(crowded, (one) => {
        const { fleet, now } = crowdedFleet(one);
        const want = wantFor(fleet, fleet.models.get(NEWCOMER)!, now);
        return [want, { ...want, isExtra: true }].every((any) => isSamePlan(fleet, any, now));
      }),
      { numRuns: 20 },
    );
  });

  it('is sought among what is offered now', () => {
    holds((fleet) => {
      const anew = copyFleet(fleet);
      return [...indexesOf(fleet).holding.keys()].every(
        (account) =>
          JSON.stringify(candidatesOn(fleet, account)) === JSON.stringify(candidatesOn(anew, account)),
      );
    });
  });
});
