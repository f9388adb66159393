import { Now } from '#core';
import {
  type Class,
  type Event,
  type Fleet,
  type Instant,
  leasedUntil,
  type LoadCause,
  type Model,
  type ModelId,
  loadForecast,
  type PromiseCause,
  type Replica,
  type ReplicaId,
  replicaId,
  type Server,
  type ServerId,
  serverState,
  takenByOthers,
  unloadForecast,
} from '#core';
import { isLeaving, type TurnScene } from './scene.js';

/** A load that is due at a server by its P90. */
interface DueLoad {
  readonly server: ServerId;
  readonly at: Instant;
}

/** An unload at a server: from when on it takes time. */
type DueUnload = Readonly<{ server: ServerId; from: Instant }>;

const BY_OPERATOR: ReadonlySet<LoadCause> = new Set<LoadCause>([
  ...(['pinned', 'kept_warm', 'order', 'reload'] as const),
  ...(['drain', 'replaced'] as const),
]);
const RANKS: Readonly<Record<Class, number>> = { sheddable: 0, default: 1, critical: 2 };

/** When something last happened that breaks promises: to which server, or model, or in the whole fleet. */
export class FleetHistory {
  private readonly last = new Map<string, Instant>();
  private readonly loads = new Map<ReplicaId, DueLoad>();
  private readonly unloads = new Map<ReplicaId, DueUnload>();
  private readonly others = new Map<string, number>();
  private readonly incarnations = new Map<ServerId, number>();
  private readonly declared = new Map<ModelId, readonly number[]>();
  /** Where jobs of the operator stood in the line. */
  private ordered: ReadonlyMap<ModelId, ServerId | null> = new Map();

  /** The cause that was seen since a promise was given: for a model that it needs, or on the servers where its job stood. */
  causeSince(
    since: Instant,
    { models, class: own }: { readonly models: Iterable<ModelId>; readonly class: Class },
    servers: readonly ServerId[],
  ): PromiseCause | undefined {
    const has = (cause: string, where: string): boolean =>
      (this.last.get(`${cause} ${where}`) ?? -Infinity) >= since;
    const ofModel = (['load_failed', 'operator'] as const).find((cause) =>
      [...models].some((model) => has(cause, model)),
    );
    const ofFleet = (['restart', 'operator'] as const).find((cause) => has(cause, ''));
    const ofServer = (['server', 'load_late', 'memory_late', 'operator'] as const).find((cause) =>
      servers.some((one) => has(cause, one)),
    );
    const isOutranked = servers.some((one) =>
      Object.values(RANKS).some((rank) => rank > RANKS[own] && has(`rank ${rank}`, one)),
    );
    return ofModel ?? ofFleet ?? ofServer ?? (isOutranked ? 'outranked' : undefined);
  }

  turnTaken(scene: TurnScene): void {
    const { turn, fleet, changes } = scene;
    for (const event of turn.events) this.hear(fleet, event, turn.now);
    for (const server of fleet.servers.values()) this.look(fleet, server, turn.now);
    for (const { was, now } of changes) this.change(fleet, was, now, turn.now);
    for (const action of turn.actions)
      if (action.kind === 'load') this.expect(fleet, { ...action, id: action.replica }, turn.now);
    for (const { server, at } of this.loads.values())
      if (at < turn.now) this.note('load_late', server, turn.now);
    for (const unload of this.unloads.values())
      if (isLate(fleet, unload, turn.now)) this.note('memory_late', unload.server, turn.now);
    this.rank(scene);
    this.order(scene);
  }

  /** A load begins, or is seen to run. */
  private expect(
    fleet: Fleet,
    { id, model, server }: Pick<Replica, 'id' | 'model' | 'server'>,
    now: Instant,
  ): void {
    this.loads.set(id, { server, at: now + loadForecast(fleet, model, server).p90 });
  }

  private note(cause: string, where: string, now: Instant): void {
    this.last.set(`${cause} ${where}`, now);
  }

  private hear(fleet: Fleet, event: Event, now: Instant): void {
    switch (event.kind) {
      case 'LoadEnded': {
        const due = this.loads.get(event.replica);
        if (due && due.at < now) this.note('load_late', due.server, now);
        // A load without an answer may go on: a look shows its end.
        if (event.outcome.kind !== 'unknown') this.loads.delete(event.replica);
        if (event.outcome.kind !== 'succeeded') this.note('load_failed', modelOf(event.replica), now);
        return;
      }
      case 'UnloadEnded':
        if (event.outcome.kind !== 'succeeded') this.note('memory_late', serverOf(event.replica), now);
        return;
      case 'LimitsSet':
        return this.note('operator', '', now);
      case 'TermBegun':
        return this.note('restart', '', now);
      case 'ModelDeclared':
        this.declare(fleet, event.model, now);
        return this.note('operator', event.model.id, now);
      case 'ModelBarred':
      case 'ModelWithdrawn':
      case 'UnloadOrdered':
        return this.note('operator', event.model, now);
      case 'ServerWithdrawn':
        return this.note('operator', event.server, now);
      case 'ReloadOrdered':
        // A copy that was to leave may have to come back.
        for (const { model, server } of fleet.replicas.values())
          if (model === event.model) this.note('operator', server, now);
        return this.note('operator', event.model, now);
      default:
    }
  }

  /** Copies that are to be kept from now on, or are larger than they were, leave less where they are. */
  private declare(
    fleet: Fleet,
    { id, pinnedCopies, minCopies, gpuBytes, hostBytes }: Model,
    now: Instant,
  ): void {
    const before = this.declared.get(id);
    const after = [pinnedCopies, minCopies, gpuBytes, hostBytes];
    this.declared.set(id, after);
    if (after.every((much, at) => much <= (before?.[at] ?? 0))) return;
    for (const { model, server } of fleet.replicas.values())
      if (model === id) this.note('operator', server, now);
  }

  private look(fleet: Fleet, server: Server, now: Instant): void {
    const { id } = server.spec;
    if (fleet.frozen) this.note('operator', id, now);
    if (fleet.held || fleet.loadsHeld) this.note('restart', id, now);
    if (server.drain) this.note('operator', id, now);
    else if (serverState(fleet, server, new Now(now)) !== 'ready') this.note('server', id, now);
    if (this.incarnations.get(id) !== server.incarnation) this.note('server', id, now);
    this.incarnations.set(id, server.incarnation);
    this.measure(server, now);
  }

  /** Memory that others took, and what closes a device since a load ran out. */
  private measure(server: Server, now: Instant): void {
    const { id } = server.spec;
    for (const [ordinal, { closed }] of server.meters) {
      const [key, taken] = [`${id} ${ordinal}`, takenByOthers(server, ordinal)];
      if (closed || taken > (this.others.get(key) ?? 0)) this.note('memory_late', id, now);
      this.others.set(key, taken);
    }
  }

  private change(fleet: Fleet, was: Replica | undefined, now: Replica | undefined, at: Instant): void {
    const { id, server } = (now ?? was)!;
    if (!mayLoad(now)) this.loads.delete(id);
    if (isLeaving(now)) this.leave(fleet, was, now, at);
    else this.stay(fleet, id, server, at);
    if (hasLeftNothing(was, now)) this.note('load_failed', was!.model, at);
    if (isFound(was, now)) {
      this.note('memory_late', server, at);
      if (mayLoad(now)) this.expect(fleet, now, at);
    }
    if (isByOperator(now)) this.note('operator', server, at);
  }

  private leave(fleet: Fleet, was: Replica | undefined, now: Replica, at: Instant): void {
    if (isLeaving(was)) return;
    const { id, server } = now;
    this.unloads.set(id, { server, from: endOfLeases(fleet, now, at) });
  }

  private stay(fleet: Fleet, id: ReplicaId, server: ServerId, at: Instant): void {
    const unload = this.unloads.get(id);
    if (unload && isLate(fleet, unload, at)) this.note('memory_late', server, at);
    this.unloads.delete(id);
  }

  /** The classes of the requests that have come for what is to be loaded on each server. */
  private rank({ turn, fleet }: TurnScene): void {
    for (const event of turn.events) {
      if (event.kind !== 'RequestArrived') continue;
      for (const server of comesTo(fleet, event.request.model))
        if (server) this.note(`rank ${RANKS[event.request.class]}`, server, turn.now);
    }
  }

  /** Jobs of the operator that have come to a server. */
  private order({ turn, fleet }: TurnScene): void {
    const before = this.ordered;
    const jobs = [...fleet.line].filter(([, { cause }]) => BY_OPERATOR.has(cause));
    this.ordered = new Map(jobs.map(([model, { server }]) => [model, server]));
    for (const [model, server] of this.ordered)
      if (server && before.get(model) !== server) this.note('operator', server, turn.now);
  }
}

/** Where a copy of a model is to come, or loads. */
function comesTo(fleet: Fleet, model: ModelId): (ServerId | null | undefined)[] {
  const comes = ['placed', 'loading'] as readonly (string | undefined)[];
  const phaseOn = (id: ServerId) => fleet.replicas.get(replicaId(model, id))?.phase;
  return [
    fleet.line.get(model)?.server,
    ...[...fleet.servers.keys()].filter((id) => comes.includes(phaseOn(id))),
  ];
}

/** Whether an unload takes longer than its P90 as it is known by now: promises are given by that one. */
const isLate = (fleet: Fleet, { server, from }: DueUnload, now: Instant): boolean =>
  from + unloadForecast(fleet.servers.get(server)).p90 < now;

const isSeenComing = (one: Replica | undefined): boolean =>
  one?.phase === 'unknown' && one.sight.shows === 'coming';

/** Whether a load that was seen to run has ended without a copy. */
const hasLeftNothing = (was: Replica | undefined, now: Replica | undefined): boolean =>
  isSeenComing(was) && !isSeenComing(now) && now?.phase !== 'ready';

/** Whether a copy was found that nobody of ours had ordered to load. */
const isFound = (was: Replica | undefined, now: Replica | undefined): now is Replica =>
  (!was || was.phase === 'placed') &&
  now !== undefined &&
  (now.phase === 'ready' || (now.phase === 'unknown' && now.after === 'found'));

const mayLoad = (one: Replica | undefined): boolean => one?.phase === 'loading' || one?.phase === 'unknown';

const isByOperator = (one: Replica | undefined): boolean =>
  (one?.phase === 'placed' || one?.phase === 'loading') && BY_OPERATOR.has(one.cause);

const endOfLeases = (fleet: Fleet, replica: Replica, now: Instant): Instant =>
  replica.phase === 'draining' ? Math.max(now, leasedUntil(fleet, replica)) : now;

const serverOf = (replica: ReplicaId): string => replica.slice(replica.lastIndexOf('@') + 1);
const modelOf = (replica: ReplicaId): string => replica.slice(0, replica.lastIndexOf('@'));
