import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { holds } from '../../../../test/support/core-histories.js';
import { crowded, crowdedFleet } from '../../../../test/support/crowded-fleets.js';
import { copyFleet } from '../plan/copy-fleet.js';
import type { Fleet, Model } from '../index.js';
import { Ledger } from '../memory/ledger.js';
import type { Server } from '../fleet/server.js';
import { openServers } from '../fleet/standing.js';
import { gapsOn, leastOnGpu, mayHaveRoom } from './gaps.js';
import { byCost, type EvictionCost, knownCostOn, leastCostOn } from './candidates.js';
import { type Place, placesOn } from './places.js';
import { costOf, planFor } from './plan-victims.js';
import { shortfall, victimsAt, victimTest } from './victims.js';
import { wantFor } from '../demand/wants.js';

/** Whether this holds of every place that there is for any model on a server that takes orders. */
const ofEachPlace = (
  fleet: Fleet,
  now: number,
  isTrue: (place: Place, model: Model, ledger: Ledger) => boolean,
): boolean => {
  const ledger = new Ledger(fleet, now);
  return [...fleet.models.values()].every((model) =>
    openServers(fleet, now)
      .flatMap((server) => placesOn(fleet, server, model))
      .every((place) => isTrue(place, model, ledger)),
  );
};

/** Whether this holds of what each model books at least on each server. */
const ofEachSize = (fleet: Fleet, isTrue: (server: Server, bytes: number) => boolean): boolean =>
  [...fleet.models.values()]
    .map((model) => leastOnGpu(fleet, model))
    .every((bytesOn) => [...fleet.servers.values()].every((server) => isTrue(server, bytesOn(server))));

/** The eviction cost last worked out for a server is no more than what it is now. */
const isKnownALowerBound = (fleet: Fleet): boolean =>
  ofEachSize(fleet, (server, bytes) => {
    const known = knownCostOn(fleet, server, bytes);
    const least = leastCostOn(fleet, server, bytes);
    return known === undefined || least === undefined ? known === least : byCost(known, least) <= 0;
  });

function costsIn(fleet: Fleet): string {
  const costs: (EvictionCost | null)[] = [];
  ofEachSize(fleet, (server, bytes) => costs.push(leastCostOn(fleet, server, bytes) ?? null) > 0);
  return JSON.stringify(costs);
}

const areCostsKept = (fleet: Fleet): boolean => costsIn(fleet) === costsIn(copyFleet(fleet));

describe('the gaps on the GPUs of a server, whatever happened', () => {
  it('are never smaller than what is to spare there, and those that are found anew', () => {
    holds((fleet, now) => {
      const ledger = new Ledger(fleet, now);
      const anew = copyFleet(fleet);
      return [...fleet.servers.values()].every((server) => {
        const gaps = gapsOn(fleet, server);
        const isEnough = (server.devices ?? []).every(({ account }) => ledger.spare(account) <= gaps.most);
        const found = gapsOn(anew, server);
        const isSame = gaps.most === found.most && JSON.stringify(gaps.gpus) === JSON.stringify(found.gpus);
        return isEnough && isSame && gaps.gpus.every(({ account, gap }) => ledger.spare(account) <= gap);
      });
    });
  });

  it('say of no place with room that there is none, nor of any that it is short of more than it is', () => {
    holds((fleet, now) =>
      ofEachPlace(fleet, now, (place, model, ledger) => {
        const bytes = leastOnGpu(fleet, model)(place.server);
        const shortest = Math.max(0, ...shortfall(ledger, place.bookings).values());
        const short = bytes - gapsOn(fleet, place.server).most;
        return short <= shortest && mayHaveRoom(fleet, place.server, bytes) === short <= 0;
      }),
    );
  });

  it('say of no place that it hurts more to free than it does', () => {
    holds((fleet, now) =>
      ofEachPlace(fleet, now, (place, model, ledger) => {
        if (ledger.fitsSpare(place.bookings)) return true;
        const want = wantFor(fleet, model, now);
        const victims = victimsAt(fleet, victimTest(fleet, want, now), place, ledger);
        const plan = planFor(fleet, ledger, place, want, victims);
        const least = leastCostOn(fleet, place.server, leastOnGpu(fleet, model)(place.server));
        return !plan || (least !== undefined && byCost(least, costOf(plan.victims)) <= 0);
      }),
    );
  });

  it('keep of what freeing any of them hurts what is found anew', () => {
    holds((fleet) => isKnownALowerBound(fleet) && areCostsKept(fleet));
    fc.assert(
      fc.property(crowded, (one) => {
        const driver = crowdedFleet(one);
        const { fleet, now: at } = driver;
        return [...fleet.replicas.keys()].every((replica) => {
          const isKept = areCostsKept(fleet);
          driver.tell({ kind: 'RoutesUsed', uses: [{ replica, at, inUseUntil: at, routes: 1 }] });
          return isKept && isKnownALowerBound(fleet) && areCostsKept(fleet);
        });
      }),
      { numRuns: 15 },
    );
  });
});
