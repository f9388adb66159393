import {
  beginWaiting,
  copyFleet,
  emptyFleet,
  type Event,
  type Fleet,
  hostAccount,
  type Instant,
  type Millis,
  type Model,
  type ModelId,
  type OrderId,
  type Replica,
  replicaId,
  type Server,
  type ServerId,
} from '#core';
import { aModel, aRequest, aServer } from '../../support/builders.js';
import { Shelf } from '../../support/shelf.js';
import { at, booksOf, devicesFor, needsOf } from './books.js';
import type { Holding, SmallFleet, SmallModel, SmallServer } from './small-fleet.js';
import { decide } from '../../support/decide.js';

/** Far enough from 0 for anything to have begun long ago. */
export const NOW = 1_000_000;
const LONG = 50_000;
const PLENTY = 1_000;
/** Longer than anything is left unused here, and short enough that a request waits for its end. */
const IDLE = 145_000;

const modelName = (index: number): ModelId => String.fromCharCode(97 + index) as ModelId;
const serverName = (index: number): ServerId => ['s', 't'][index] as ServerId;

/** A fleet as the core keeps it that holds all this, at rest or not. Memory is what is held, and the slack. */
export function furnish(plan: SmallFleet): Fleet {
  const fleet = emptyFleet();
  const slots = { loadsPerServer: plan.slots.ofServer, loadsPerDevice: plan.slots.ofDevice };
  fleet.limits = { ...fleet.limits, ...slots, loadsPerDevicePerMinute: plan.evictions };
  const empty = plan.models.map((model, index) => modelOf(model, index));
  decide(fleet, [...empty.map((model): Event => ({ kind: 'ModelDeclared', model })), ...serversOf(plan)], 0);
  for (const [index, model] of plan.models.entries()) {
    if (!model.isEnsemble || model.needs.length === 0) continue;
    decide(fleet, [{ kind: 'StepsRemembered', model: modelName(index), steps: needsIn(model, index) }], 0);
  }
  plan.servers.forEach((server, index) => lookAt(fleet, plan, server, serverName(index)));
  plan.servers.forEach((server, index) => fill(fleet, plan, server, fleet.servers.get(serverName(index))!));
  plan.servers.forEach((server, index) => fit(fleet, plan, server, fleet.servers.get(serverName(index))!));
  plan.servers.forEach((server, index) => tell(fleet, server, serverName(index)));
  plan.models.forEach((model, index) => doubt(fleet, model, modelName(index)));
  // The index of this one does not know of what was written into it here.
  return copyFleet(fleet);
}

const needsIn = ({ needs }: SmallModel, index: number): ModelId[] =>
  needs.filter((needed) => needed < index).map(modelName);

const modelOf = (model: SmallModel, index: number): Model =>
  aModel(modelName(index), {
    // No request leaves best-effort demand: what is wanted is what the trial asks for.
    coldStart: { policy: 'queue', maxQueue: 100, maxWait: 60_000, loadWhenShed: false },
    gpuBytes: model.gpu,
    hostBytes: model.host,
    gpuDeclared: !model.isEnsemble,
    hostDeclared: !model.isEnsemble,
    config: model.isConfigured ? '{}' : null,
    deviceSets: model.spreadsOver > 0 ? [[0, 1].slice(0, model.spreadsOver)] : [],
    dependsOn: model.isEnsemble ? [] : needsIn(model, index),
    require: model.zone === null ? {} : { zone: model.zone },
    spread: model.isSpread ? 'zone' : null,
    pinnedCopies: model.pinned,
    minResidency: model.minResidency,
    enabled: model.isEnabled,
    onFailing: model.isReplaced ? 'replace' : 'flag',
    class: model.class,
    idleUnload: model.isRetired ? IDLE : null,
    loadTimeout: 10 * NOW,
  });

const serversOf = ({ servers, isOneHost }: SmallFleet): Event[] =>
  servers.flatMap(({ gpus, strangers, isZoned }, index): Event[] => {
    const id = serverName(index);
    const devices = gpus > 0 ? aServer(id, Array(gpus).fill(PLENTY) as number[]).devices : null;
    const labels: Record<string, string> = isZoned ? { zone: 'a' } : {};
    const spec = aServer(id, [], { devices, labels, strangers, discover: false });
    return [
      { kind: 'ServerDeclared', server: isOneHost ? { ...spec, host: 'h' } : spec },
      { kind: 'ContactChanged', server: id, fact: 'connected' },
    ];
  });

/** A first look, over which the servers count as known, and what was learned of configs. */
function lookAt(
  fleet: Fleet,
  { models }: SmallFleet,
  { lacks, configs }: SmallServer,
  server: ServerId,
): void {
  const listed = models.map((_, index) => index).filter((index) => !lacks.includes(index));
  const metrics = { gpus: [], hostMemory: PLENTY, pending: new Map() };
  const look = { ...new Shelf(listed.map(modelName)).look(0, 'full', true), metrics };
  decide(fleet, [{ kind: 'Looked', server, look }], 0);
  for (const [index, kind] of configs.slice(0, models.length).entries()) {
    if (kind === null) continue;
    const config = { json: '{}', kind, gpus: [], count: 1 };
    decide(fleet, [{ kind: 'ConfigLearned', server, model: modelName(index), config, steps: [] }], 0);
  }
}

/** Puts there what is held; what a model needs must be ready before it, else it is left out. */
function fill(fleet: Fleet, { models, isTied }: SmallFleet, { holdings }: SmallServer, server: Server): void {
  for (const [index, holding] of holdings.slice(0, models.length - 1).entries()) {
    const model = fleet.models.get(modelName(index))!;
    if (!holding || !server.repository.has(model.id)) continue;
    if ([...needsOf(fleet, model.id)].some((id) => at(fleet, id, server)?.phase !== 'ready')) continue;
    if (devicesFor(server, model).length === 0) continue;
    hold(fleet, replicaOf(fleet, server, model, isTied ? { ...holding, lastUse: 0 } : holding));
    const { lease, isQueued } = holding;
    if (isQueued && lease === 0) server.pending = new Map([...server.pending, [model.id, 1]]);
  }
}

function replicaOf(fleet: Fleet, server: Server, model: Model, holding: Holding): Replica {
  const ways = devicesFor(server, model);
  const devices = ways[holding.way % ways.length]!;
  const residence = {
    id: replicaId(model.id, server.spec.id),
    model: model.id,
    server: server.spec.id,
    devices,
    bookings: booksOf(fleet, server, model.id, devices),
    since: holding.isYoung ? NOW - 500 : NOW - LONG,
    stranger: holding.isStranger,
  };
  return { ...residence, ...phaseOf(holding, residence.since, fleet.limits.stuckAfter) };
}

/** What a replica has beside its residence. */
type Phased = Replica extends infer One
  ? One extends Replica
    ? Omit<One, 'id' | 'model' | 'server' | 'devices' | 'bookings' | 'since' | 'stranger'>
    : never
  : never;

/** Of a copy that has done nothing but fail. */
const FAILING = { lastInference: 0, succeeded: 0, failed: 3, failures: 3, recent: [] };

const pulseOf = ({ isFailing, isStranger }: Pick<Holding, 'isFailing' | 'isStranger'>) =>
  isFailing && !isStranger ? FAILING : null;

function phaseOf(
  { phase, lastUse, lease, isOdd, ...holding }: Holding,
  since: Instant,
  stuckAfter: Millis,
): Phased {
  const order = 'x1' as OrderId;
  const inUseUntil = lease > 0 ? NOW + lease : NOW - 1;
  const left = { cause: 'idle', makesRoomFor: null } as const;
  const sight = { shows: isOdd ? 'coming' : 'nothing', since: null } as const;
  const used = { versions: ['1'], lastUse: NOW - LONG + 400 * lastUse, inUseUntil };
  switch (phase) {
    case 'ready':
      return { phase, ...used, pulse: pulseOf(holding), outlived: false };
    case 'loading':
      return { phase, order, orderedAt: since, deadline: since + LONG, coLoadedBy: null, cause: 'asked' };
    case 'draining':
      return { phase, versions: ['1'], inUseUntil, pulse: null, withdrawnIn: 0, isForced: false, ...left };
    case 'unloading':
      return {
        phase,
        order,
        orderedAt: isOdd ? NOW - 2 * stuckAfter : since,
        emptiedAt: since,
        answeredAt: null,
        absentSince: null,
        ...left,
      };
    case 'unknown':
      return { phase, after: 'found', sent: null, sight, ...left };
  }
}

/** Writes a replica down as the core does. */
function hold(fleet: Fleet, replica: Replica): void {
  fleet.replicas.set(replica.id, replica);
  if (replica.phase === 'ready') fleet.unsettled.delete(replica.id);
  else fleet.unsettled.add(replica.id);
  fleet.holders.set(replica.model, new Set([...(fleet.holders.get(replica.model) ?? []), replica.id]));
  fleet.residents.set(replica.server, new Set([...(fleet.residents.get(replica.server) ?? []), replica.id]));
}

/** Makes the memory of a server and its host as large as what they hold, and the slack. */
function fit(fleet: Fleet, { hostSlack }: SmallFleet, { slack }: SmallServer, server: Server): void {
  const host = hostAccount(server.spec.host);
  const held = (account: string): number =>
    [...fleet.replicas.values()]
      .flatMap(({ bookings }) => bookings)
      .filter((booking) => booking.account === account)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  server.devices = server.devices!.map((device) => {
    const more = device.kind === 'gpu' ? slack[device.ordinal]! : (hostSlack ?? 2 * slack[0]! + 2);
    return { ...device, capacity: Math.max(0, held(device.account) + more) };
  });
  if (hostSlack !== null) server.spec = { ...server.spec, hostMemory: held(host) + hostSlack };
}

/** Everything was read just now; one server may be lost or drained, and others may have left for what it loads. */
function tell(fleet: Fleet, { state, hasEvicted }: SmallServer, id: ServerId): void {
  const server = fleet.servers.get(id)!;
  read(fleet, NOW);
  if (hasEvicted) for (const { account } of server.devices!) fleet.evictions.set(account, [NOW - 500]);
  if (state === 'draining') server.drain = { since: NOW - LONG, deadline: null };
  if (state !== 'lost') return;
  server.contact = { kind: 'lost', since: NOW - LONG };
  server.looked = false;
}

/** As if the statistics of all servers had come in at this moment. */
export function read(fleet: Fleet, now: number): void {
  for (const server of fleet.servers.values()) {
    server.statisticsAt = now;
    server.metricsAnswered = true;
  }
}

/** A request waits for a model after it has failed on each copy of it, and no look has cleared its doubts. */
function doubt(fleet: Fleet, { isDoubted }: SmallModel, model: ModelId): void {
  if (!isDoubted) return;
  const avoid = [...fleet.servers.keys()];
  const request = aRequest(`doubt-${model}`, model, NOW, {
    ago: 5,
    wait: 5 + LONG * 10,
    avoid,
    class: 'critical',
  });
  beginWaiting(fleet, request);
}
