import { Now } from '#core';
import { describe, it } from '@jest/globals';
import { holds } from '../../../../test/support/core-histories.js';
import { copyFleet } from '../plan/copy-fleet.js';
import type { AccountId, Fleet, ReplicaId } from '../index.js';
import { dueToRetire, indexesOf, inOrder } from './indexes.js';
import { discoveredModels, standingModels } from './fleet.js';
import { capacities, Ledger } from '../memory/ledger.js';
import { idleAt } from '../demand/idle.js';
import { retiresFrom } from './idle-rule.js';
import { commonPace } from '../learned/load-forecast.js';
import { retirement } from '../placement/retire.js';
import type { Ready } from './replica.js';
import { wakeOf } from '../../../../test/support/decide.js';

/** What a scan of all replicas finds, in their order. */
const found = (fleet: Fleet, isFound: (one: Ready) => boolean): ReplicaId[] =>
  settledOf(fleet)
    .filter(isFound)
    .map(({ id }) => id);

const settledOf = (fleet: Fleet): Ready[] =>
  [...fleet.replicas.values()].filter((one) => one.phase === 'ready');

const isSame = (some: Iterable<unknown>, others: Iterable<unknown>): boolean =>
  JSON.stringify([...some]) === JSON.stringify([...others]);

const isWithin = (some: readonly ReplicaId[], ids: Iterable<ReplicaId>): boolean => {
  const all = new Set(ids);
  return some.every((id) => all.has(id));
};

describe('the indexes of a fleet, whatever happened', () => {
  it('know the order of the replicas', () => {
    holds((fleet) => {
      const ids = [...fleet.replicas.keys()];
      return isSame(
        inOrder(fleet, ids.toReversed()).map(({ id }) => id),
        ids,
      );
    });
  });

  it('have everything among what may retire that is idle, and all that is to go for what its model or an order says', () => {
    holds((fleet, now) => {
      const due = dueToRetire(fleet, new Now(now));
      const idle = found(fleet, (one) => (idleAt(fleet, one) ?? Infinity) <= now);
      const isAsked = (one: Ready): boolean =>
        fleet.reloads.has(one.id) || fleet.limitViolations.has(one.model) || isOnDraining(fleet, one);
      const scanned = found(fleet, (one) => retiresFrom(fleet, one) <= now);
      const leaving = found(
        fleet,
        (one) => retirement(fleet, one, new Now(now)) !== undefined && !isAsked(one),
      );
      return isWithin([...idle, ...leaving], scanned) && isWithin(scanned, due);
    });
  });

  it('have every server on which something ready was not described', () => {
    holds((fleet) => {
      const { undescribed } = indexesOf(fleet);
      return [...fleet.replicas.values()].every(
        ({ phase, server, model }) =>
          phase !== 'ready' || fleet.servers.get(server)!.described.has(model) || undescribed.has(server),
      );
    });
  });

  it('add up what settled replicas hold, and take down the size of each account', () => {
    holds((fleet, now) => {
      const held = new Map<AccountId, number>();
      for (const one of settledOf(fleet)) {
        for (const { account, bytes } of one.bookings) held.set(account, (held.get(account) ?? 0) + bytes);
      }
      const sizes = capacities(fleet);
      const [kept, ledger] = [indexesOf(fleet).held, new Ledger(fleet, new Now(now))];
      return [...new Set([...held.keys(), ...kept.keys(), ...sizes.keys()])].every(
        (account) =>
          (kept.get(account) ?? 0) === (held.get(account) ?? 0) &&
          (fleet.shortfalls.has(account) || ledger.of(account).capacity === (sizes.get(account) ?? Infinity)),
      );
    });
  });

  it('know the pace of all servers together', () => {
    holds((fleet) => isSame([commonPace(fleet)], [commonPace(copyFleet(fleet))]));
  });

  it('list what is pinned or kept warm, what was discovered, and the strangers', () => {
    holds((fleet) => {
      const models = [...fleet.models.values()];
      const standing = models.filter(({ pinnedCopies, minCopies }) => pinnedCopies > 0 || minCopies > 0);
      const discovered = models.filter(({ source }) => source === 'discovered');
      const strangers = [...fleet.replicas.values()].filter(({ stranger }) => stranger);
      return (
        isSame(standingModels(fleet), standing) &&
        isSame(discoveredModels(fleet), discovered) &&
        strangers.length === indexesOf(fleet).strangers.size &&
        strangers.every(({ id }) => indexesOf(fleet).strangers.has(id))
      );
    });
  });

  it('have a model for every name that a repository lists where such are discovered', () => {
    holds((fleet) =>
      [...fleet.servers.values()].every(
        ({ spec, repository }) => !spec.discover || [...repository].every((id) => fleet.models.has(id)),
      ),
    );
  });

  it('tell the same next moment as those that are made anew', () => {
    holds((fleet, now) => wakeOf(fleet, now) === wakeOf(copyFleet(fleet), now));
  });
});

const isOnDraining = (fleet: Fleet, { server }: Ready): boolean => fleet.servers.get(server)?.drain != null;
