import {
  type Fleet,
  isGuaranteed,
  type Millis,
  type ModelId,
  type Replica,
  replicasOf,
  unsatisfiedPins,
} from '#core';
import { dependentsOn } from '../../checkers/needs.js';
import type { Site } from '../site.js';
import { failsToLoad } from './hopeless.js';
import { isKept, isPlaceable, keptForOthers, type Quiet } from './placeable.js';

/** What still keeps a fleet from being as it should be once nothing happens any more; empty when it is at rest. */
export function restlessness(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  return [
    ...nobodyWaits(fleet),
    ...nothingIsOpen(fleet, quiet),
    ...pinsAreReady(fleet, quiet),
    ...warmIsReady(fleet, quiet),
    ...youngMayLeave(fleet, quiet),
    ...copiesAreEased(fleet, quiet),
    ...idleIsGone(fleet, quiet),
    ...[...quiet.sites.values()].flatMap((site) => ledgerIsTrue(fleet, site, quiet)),
  ];
}

function nobodyWaits({ waiting, bestEffort }: Readonly<Fleet>): string[] {
  return [
    ...[...waiting.keys()].map((id) => `${id} still waits`),
    ...[...bestEffort.keys()].map((model) => `best-effort demand for ${model} is left`),
  ];
}

/** As long as something is wanted whatever is ready may have to leave for it, once it has been resident for long. */
function youngMayLeave(fleet: Readonly<Fleet>, { now, unusedFor, isReplaced }: Quiet): string[] {
  if (fleet.wantedSince.size === 0) return [];
  const young = [...fleet.replicas.values()].filter(
    (one) =>
      one.phase === 'ready' &&
      !isReplaced(one) &&
      Math.min(now - one.since, unusedFor(one)) < residency(fleet, one) + CHOSEN_WITHIN,
  );
  return young.map(({ id }) => `${id} may have to leave`);
}

/** Until the statistics are read that a victim is chosen by. */
const CHOSEN_WITHIN: Millis = 10_000;

const residency = ({ models, defaults }: Readonly<Fleet>, { model }: Replica): Millis =>
  (models.get(model) ?? defaults).minResidency;

/** No booking but those of ready replicas. */
function nothingIsOpen(fleet: Readonly<Fleet>, { isReplaced }: Quiet): string[] {
  const open = [...fleet.replicas.values()].filter(
    (replica) => replica.phase !== 'ready' && !isReplaced(replica),
  );
  const hidden = [...fleet.servers.values()].flatMap(({ spec, hidden: copies }) =>
    copies.filter(({ model }) => !isReplaced({ model, server: spec.id })),
  );
  return [
    ...open.map(({ id, phase }) => `${id} is ${phase}`),
    ...hidden.map(({ model }) => `a hidden copy of ${model} is booked`),
    ...[...fleet.reloads.values()]
      .filter((reload) => !isReplaced(reload))
      .map(({ model, server }) => `${model} is to be loaded anew on ${server}`),
  ];
}

/**
 * A pin is met where there is room for it beside the other pins as they lie, and beside the places that are kept for them.
 * Berth moves none to make room for another, and gives a copy more on the same server only where old and new fit together.
 */
function pinsAreReady(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  const lacking = unsatisfiedPins(fleet).filter((id) =>
    isPlaceable(fleet, fleet.models.get(id)!, { ...quiet, kept: keptForOthers(fleet, id) }),
  );
  return lacking.map((model) => `${model} is pinned and not ready`);
}

/** What is to be warm is, where there is room beside all that is ready: no copy need leave for it. What a pin lacks comes first. */
function warmIsReady(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  const pins = unsatisfiedPins(fleet);
  const lacking = [...fleet.models.values()].filter(
    (model) =>
      model.enabled &&
      !pins.includes(model.id) &&
      readyCopies(fleet, model.id) < model.minCopies &&
      isPlaceable(fleet, model, quiet, () => true) &&
      !failsToLoad(fleet, model.id),
  );
  return lacking.map(({ id }) => `${id} is to be kept warm and not ready`);
}

/** Of several copies one after the other is let go, minutes apart; those on one server go only together. */
function copiesAreEased(fleet: Readonly<Fleet>, { now }: Quiet): string[] {
  const easing = [...fleet.utilisations].filter(([id, { easySince }]) => {
    const { pinnedCopies, minCopies } = fleet.models.get(id)!;
    const isDue = easySince !== null && now < easySince + EASED_WITHIN;
    const left = readyCopies(fleet, id) - Math.min(...readyOnEach(fleet, id));
    return isDue && left >= Math.max(1, pinnedCopies, minCopies);
  });
  return easing.map(([id]) => `${id} may have one copy fewer`);
}

const EASED_WITHIN: Millis = 310_000;

const readyCopies = (fleet: Readonly<Fleet>, model: ModelId): number =>
  readyOnEach(fleet, model).reduce((sum, copies) => sum + copies, 0);

/** The copies that are ready on each server that has any. */
const readyOnEach = (fleet: Readonly<Fleet>, model: ModelId): number[] => {
  const isSpread = (fleet.models.get(model)?.deviceSets.length ?? 0) > 0;
  const ready = replicasOf(fleet, model).filter(({ phase }) => phase === 'ready');
  return ready.map(({ devices }) => (isSpread ? 1 : Math.max(1, devices.length)));
};

/** From the moment it is due: until the statistics are read, the queue is empty, and what needs it has left. */
const GONE_WITHIN: Millis = 60_000;

function idleIsGone(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  const left = [...fleet.replicas.values()].filter((replica) => shouldBeGone(fleet, replica, quiet));
  return left.map(({ id }) => `${id} is idle and still there`);
}

function shouldBeGone(fleet: Readonly<Fleet>, replica: Replica, quiet: Quiet): boolean {
  const { model } = replica;
  if (isKept(fleet, replica) || quiet.isReplaced(replica)) return false;
  if (quiet.unusedFor(replica) < idleTime(fleet, model) + GONE_WITHIN) return false;
  const isPinned = (fleet.models.get(model)?.pinnedCopies ?? 0) > 0;
  return !isPinned && !isGuaranteed(fleet, replica) && dependentsOn(fleet, replica).length === 0;
}

/** Infinity where it may stay for as long as its memory is not wanted. */
function idleTime(fleet: Readonly<Fleet>, model: ModelId): Millis {
  const { idleUnload, idleMode } = fleet.models.get(model) ?? fleet.defaults;
  return idleMode === 'strict' && idleUnload !== null ? idleUnload : Infinity;
}

/** What Berth believes of a server, model by model and GPU by GPU, is what is there. */
function ledgerIsTrue(fleet: Readonly<Fleet>, { id, sim }: Site, { isReplaced }: Quiet): string[] {
  const isSound = (model: string): boolean => !isReplaced({ model: model as ModelId, server: id });
  const booked = [...fleet.replicas.values()]
    .filter(({ server, model }) => server === id && isSound(model))
    .flatMap(({ model, bookings }) => {
      const gpus = bookings.filter(({ account }) => account.startsWith('gpu:'));
      return [`${model}@${id}`, ...gpus.map(({ account }) => `${model} on ${account}`)];
    });
  const copies = sim.copies().filter(({ model }) => isSound(model));
  const there = copies.flatMap(({ model, holds }) => {
    const gpus = holds.filter(({ place }) => place !== 'host');
    return [`${model}@${id}`, ...gpus.map(({ place }) => `${model} on gpu:${id}/${place}`)];
  });
  return [
    ...there.filter((one) => !booked.includes(one)).map((one) => `${one} is there and not booked`),
    ...booked.filter((one) => !there.includes(one)).map((one) => `${one} is booked and not there`),
  ];
}
