import {
  fitPins,
  type Fleet,
  isPinProtected,
  type Millis,
  type Model,
  type ModelId,
  type Replica,
  replicaId,
  type ServerId,
  unsatisfiedPins,
} from '#core';
import type { Site } from '../site.js';

/** What is known of a fleet that nobody asks any more. */
export interface Quiet {
  readonly sites: ReadonlyMap<string, Site>;
  /** How long nobody has used a replica, nor may use it under a lease. */
  readonly unusedFor: (replica: Replica) => Millis;
}

/** What still keeps a fleet from being as it should be once nothing happens any more; empty when it is at rest. */
export function restlessness(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  return [
    ...nobodyWaits(fleet),
    ...nothingIsOpen(fleet),
    ...pinsAreReady(fleet),
    ...idleIsGone(fleet, quiet),
    ...[...quiet.sites.values()].flatMap((site) => ledgerIsTrue(fleet, site)),
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

/**
 * A pin is met where there is room for it beside the other pins as they lie. Berth moves none to make room for another,
 * and gives a copy more on the same server only where old and new fit together.
 */
function pinsAreReady(fleet: Readonly<Fleet>): string[] {
  const lacking = unsatisfiedPins(fleet).filter(
    (model) => isPlaceable(fleet, fleet.models.get(model)!) && !needsDisabled(fleet, model),
  );
  return lacking.map((model) => `${model} is pinned and not ready`);
}

/** Asks for one copy more, with all that is pinned or kept being as immovable as a stranger. */
function isPlaceable(fleet: Readonly<Fleet>, model: Model): boolean {
  const immovable = [...fleet.replicas.values()].filter(
    (replica) => replica.phase === 'ready' && (isPinProtected(fleet, replica) || isKept(fleet, replica)),
  );
  const servers = [...fleet.servers.values()].filter(
    ({ spec }) => !fleet.replicas.has(replicaId(model.id, spec.id)),
  );
  const asStrangers: Fleet = {
    ...fleet,
    servers: new Map(
      servers.map((server) => [server.spec.id, { ...server, spec: { ...server.spec, strangers: 'keep' } }]),
    ),
    replicas: new Map(immovable.map((replica) => [replica.id, { ...replica, stranger: true }])),
  };
  return fitPins(asStrangers, [{ ...model, pinnedCopies: 1 }]).fits;
}

/** A pin of something that needs what may not be loaded cannot be kept. */
const needsDisabled = (fleet: Readonly<Fleet>, model: ModelId): boolean =>
  needsOf(fleet, model).some((id) => fleet.models.get(id)?.enabled === false || needsDisabled(fleet, id));

const needsOf = (fleet: Readonly<Fleet>, model: ModelId): readonly ModelId[] => [
  ...(fleet.models.get(model)?.dependsOn ?? []),
  ...(fleet.steps.get(model) ?? []),
];

const isKept = (fleet: Readonly<Fleet>, { stranger, server }: Replica): boolean =>
  stranger && fleet.servers.get(server)!.spec.strangers === 'keep';

/** From the moment it is due: until the statistics are read, the queue is empty, and what needs it has left. */
const GONE_WITHIN: Millis = 60_000;

function idleIsGone(fleet: Readonly<Fleet>, quiet: Quiet): string[] {
  const left = [...fleet.replicas.values()].filter((replica) => shouldBeGone(fleet, replica, quiet));
  return left.map(({ id }) => `${id} is idle and still there`);
}

function shouldBeGone(fleet: Readonly<Fleet>, replica: Replica, { unusedFor }: Quiet): boolean {
  const { model, server } = replica;
  const settings = fleet.models.get(model) ?? fleet.defaults;
  if (isKept(fleet, replica)) return false;
  const isStrict = settings.idleUnload !== null && settings.idleMode === 'strict';
  if (unusedFor(replica) < (settings.idleUnload ?? 0) + GONE_WITHIN) return false;
  const isPinned = (fleet.models.get(model)?.pinnedCopies ?? 0) > 0;
  return isStrict && !isPinned && !isNeeded(fleet, model, server);
}

/** Something else there is made of it. */
function isNeeded(fleet: Readonly<Fleet>, model: Replica['model'], server: ServerId): boolean {
  return [...fleet.replicas.values()].some(
    (other) => other.server === server && needsOf(fleet, other.model).includes(model),
  );
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
