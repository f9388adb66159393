import { fitPins, type Fleet, type Replica, type ServerId, unsatisfiedPins } from '#core';
import type { Site } from '../site.js';

/** What still keeps a fleet from being as it should be once nothing happens any more; empty when it is at rest. */
export function restlessness(fleet: Readonly<Fleet>, sites: ReadonlyMap<string, Site>): string[] {
  return [
    ...nobodyWaits(fleet),
    ...nothingIsOpen(fleet),
    ...pinsAreReady(fleet),
    ...idleIsGone(fleet),
    ...[...sites.values()].flatMap((site) => ledgerIsTrue(fleet, site)),
  ];
}

function nobodyWaits({ waiting, wishes }: Readonly<Fleet>): string[] {
  return [
    ...[...waiting.keys()].map((id) => `${id} still waits`),
    ...[...wishes.keys()].map((model) => `a wish for ${model} is left`),
  ];
}

/** No booking but those of ready replicas. */
function nothingIsOpen(fleet: Readonly<Fleet>): string[] {
  const open = [...fleet.replicas.values()].filter(
    (replica) => replica.phase !== 'ready' || replica.change !== null,
  );
  const hidden = [...fleet.servers.values()].flatMap(({ hidden: copies }) => copies);
  return [
    ...open.map(({ id, phase }) => `${id} is ${phase}`),
    ...hidden.map(({ model }) => `a hidden copy of ${model} is booked`),
  ];
}

function pinsAreReady(fleet: Readonly<Fleet>): string[] {
  if (!fitPins(fleet, fleet.models.values()).fits) return [];
  return unsatisfiedPins(fleet).map((model) => `${model} is pinned and not ready`);
}

function idleIsGone(fleet: Readonly<Fleet>): string[] {
  const left = [...fleet.replicas.values()].filter((replica) => shouldBeGone(fleet, replica));
  return left.map(({ id }) => `${id} is idle and still there`);
}

function shouldBeGone(fleet: Readonly<Fleet>, replica: Replica): boolean {
  const { model, stranger, server } = replica;
  const settings = fleet.models.get(model) ?? fleet.defaults;
  if (stranger && fleet.servers.get(server)!.spec.strangers === 'keep') return false;
  const isStrict = settings.idleUnload !== null && settings.idleMode === 'strict';
  const isPinned = (fleet.models.get(model)?.pinnedCopies ?? 0) > 0;
  return isStrict && !isPinned && !isNeeded(fleet, model, server);
}

/** Something else there is made of it. */
function isNeeded(fleet: Readonly<Fleet>, model: Replica['model'], server: ServerId): boolean {
  return [...fleet.replicas.values()].some((other) => {
    const needs = [
      ...(fleet.models.get(other.model)?.dependsOn ?? []),
      ...(fleet.steps.get(other.model) ?? []),
    ];
    return other.server === server && needs.includes(model);
  });
}

/** What Berth believes of a server, model by model and GPU by GPU, is what is there. */
function ledgerIsTrue(fleet: Readonly<Fleet>, { id, sim }: Site): string[] {
  const booked = [...fleet.replicas.values()]
    .filter(({ server }) => server === id)
    .flatMap(({ model, bookings }) => {
      const gpus = bookings.filter(({ account }) => account.startsWith('gpu:'));
      return [`${model}@${id}`, ...gpus.map(({ account }) => `${model} on ${account}`)];
    });
  const there = sim.copies().flatMap(({ model, holds }) => {
    const gpus = holds.filter(({ place }) => place !== 'host');
    return [`${model}@${id}`, ...gpus.map(({ place }) => `${model} on gpu:${id}/${place}`)];
  });
  return [
    ...there.filter((one) => !booked.includes(one)).map((one) => `${one} is there and not booked`),
    ...booked.filter((one) => !there.includes(one)).map((one) => `${one} is booked and not there`),
  ];
}
