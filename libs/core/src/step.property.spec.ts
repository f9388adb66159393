import { describe, it } from '@jest/globals';
import { holds } from '../../../test/support/core-histories.js';
import { type Action, copyFleet, type Fleet } from './index.js';
import { Ledger } from './memory/ledger.js';
import { decide, wakeOf } from '../../../test/support/decide.js';

/** What was found loaded and not ordered may exceed a device; then the device takes nothing new. */
function overbookedByOrders(fleet: Fleet, actions: readonly Action[]): boolean {
  const ledger = new Ledger(fleet);
  return actions.some(
    (action) =>
      action.kind === 'load' &&
      fleet.replicas.get(action.replica)!.bookings.some(({ account }) => ledger.free(account) < 0),
  );
}

const phasesOf = ({ replicas }: Fleet): string =>
  [...replicas.values()].map(({ id, phase, since }) => `${id} ${phase} ${since}`).join();

describe('step, whatever it is told', () => {
  it('finds nothing left to do on a second look', () => {
    holds((fleet, now) => {
      const phases = phasesOf(fleet);
      return decide(fleet, [], now).length === 0 && phasesOf(fleet) === phases;
    });
  });

  it('never asks to be woken in the past, which would spin', () => {
    holds((fleet, now) => wakeOf(fleet, now) > now);
  });

  it('does nothing at a moment before the next wake-up', () => {
    holds((fleet, now) => {
      const later = Math.min(wakeOf(fleet, now), now + 100_000) - 0.5;
      const copy = copyFleet(fleet);
      return later <= now || (decide(copy, [], later).length === 0 && phasesOf(copy) === phasesOf(fleet));
    });
  });

  it('never starts a load that does not fit what is held', () => {
    holds((fleet, _now, actions) => !overbookedByOrders(fleet, actions));
  });

  it('never orders an unload of a pinned model that has no other copy', () => {
    holds((fleet, _now, actions) =>
      actions.every((action) => {
        if (action.kind !== 'unload' || !fleet.models.has(action.model)) return true;
        const pinned = fleet.models.get(action.model)!.pinnedCopies > 0;
        const isMove = ['drain', 'withdrawn'].includes(action.cause) || fleet.reloads.has(action.replica);
        const others = [...fleet.replicas.values()].some(
          (replica) => replica.model === action.model && replica.phase === 'ready',
        );
        return !pinned || isMove || others || fleet.wantedSince.has(action.model);
      }),
    );
  });

  it('never has two orders in flight for one model on one server', () => {
    holds((_fleet, _now, actions) => {
      const ordered = actions.flatMap((action) =>
        action.kind === 'load' || action.kind === 'unload' ? [action.replica] : [],
      );
      return new Set(ordered).size === ordered.length;
    });
  });

  it('keeps the index of holders in step with the replicas', () => {
    holds((fleet) => {
      const listed = [...fleet.holders.values()].flatMap((ids) => [...ids]);
      return listed.length === fleet.replicas.size && listed.every((id) => fleet.replicas.has(id));
    });
  });

  it('leaves no request waiting past its deadline', () => {
    holds((fleet, now) => [...fleet.waiting.values()].every(({ deadline }) => deadline > now));
  });
});
