import { Now } from '../numbers/now.js';
import type { Action, ActionOf } from '../fleet/actions.js';
import { copyFleet } from './copy-fleet.js';
import type { Event } from '../fleet/events.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Booking } from '../fleet/replica.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { playInstant } from '../instant.js';
import { Assumed, isFleetAtRest } from './assumed.js';
import { comparedWith, type Picture, pictureOf } from './picture.js';
import type { Plan, PlanBounds, PlannedAnswer, PlannedOrder, Supposition } from './plan.js';
import { plainRequest } from '../answers/request-of.js';
import type { ModelId, RequestId, ServerId } from '../fleet/ids.js';
import { idleAt } from '../demand/idle.js';
import { routableReplicas } from '../learned/routes.js';

/** Supposed requests that arrive in one turn. */
const ARRIVALS = 10;

/** Plans what would come of a supposition: takes turns of the core on a copy of a fleet. Each turn is short. */
export class Planning {
  private readonly fleet: Fleet;
  private readonly before: Picture;
  private readonly assumed: Assumed;
  private readonly supposed: Supposed;
  private readonly orders: PlannedOrder[] = [];
  private readonly answers: PlannedAnswer[] = [];
  private arrived = 0;
  private now: Now;
  private turns = 0;
  private end: Plan['end'] | null = null;

  constructor(
    fleet: Readonly<Fleet>,
    supposition: Supposition,
    private readonly began: Instant,
    private readonly bounds: PlanBounds,
  ) {
    this.fleet = copyFleet(fleet);
    assumeLed(this.fleet);
    this.now = new Now(began);
    this.before = pictureOf(this.fleet, this.now);
    this.assumed = new Assumed(this.fleet, began);
    this.supposed = suppose(this.fleet, supposition, this.now);
  }

  /** Takes the next turn. False once all has come to rest or a bound is reached: then there is no next turn. */
  turn(): boolean {
    if (this.end !== null) return false;
    const { fleet, assumed, now } = this;
    assumed.look(now);
    const { actions } = playInstant(fleet, [...this.nextEvents(), ...assumed.reports(now)], now.stamp);
    this.turns += 1;
    const hasEnded = assumed.take(now);
    for (const action of actions) this.note(action);
    const isSameMoment = hasEnded || this.arrived < this.supposed.arrivals.length;
    this.end = isSameMoment ? this.isOverlong() : this.advance();
    return this.end === null;
  }

  /** The events of the supposition for the next turn. */
  private nextEvents(): Event[] {
    const { events, arrivals } = this.supposed;
    const coming = arrivals.slice(this.arrived, this.arrived + ARRIVALS);
    this.arrived += coming.length;
    return this.turns === 0 ? [...events, ...coming] : coming;
  }

  plan(): Plan {
    const { orders, answers, bounds, before, fleet, now } = this;
    const cut = <Item>(items: readonly Item[]) => ({
      items: items.slice(0, bounds.items),
      leftOut: Math.max(0, items.length - bounds.items),
    });
    const { lacking, models, devices, pins } = comparedWith(before, fleet, now, {
      gone: this.supposed.gone,
      refused: answers.flatMap(({ model, refusal }) => (refusal ? [model] : [])),
      most: bounds.items,
    });
    return {
      end: this.end ?? 'turns',
      turns: this.turns,
      took: now.stamp - this.began,
      orders: cut(orders),
      answers: cut(answers),
      lacking,
      models: cut(models),
      devices,
      pins,
    };
  }

  /** Goes on to the next report of a load, or to the next wake-up, which counts as at least one even step away. */
  private advance(): Plan['end'] | null {
    const { fleet, assumed, now, bounds } = this;
    if (assumed.next === Infinity && isFleetAtRest(fleet, now)) return 'at_rest';
    const next = Math.min(assumed.next, Math.max(fleet.wakeAt, now.stamp + bounds.within / bounds.turns));
    if (!Number.isFinite(next)) return 'at_rest';
    if (next > this.began + bounds.within) return 'time';
    this.now = new Now(next);
    return this.isOverlong();
  }

  private isOverlong(): Plan['end'] | null {
    return this.turns >= this.bounds.turns ? 'turns' : null;
  }

  private note(action: Action): void {
    if (action.kind === 'load' || action.kind === 'unload') this.orders.push(this.ordered(action));
    if (action.kind === 'grant' || action.kind === 'refuse') this.noteAnswer(action);
  }

  private ordered(action: ActionOf<'load' | 'unload'>): PlannedOrder {
    const { kind, replica: id, model, server } = action;
    const replica = this.fleet.replicas.get(id) ?? this.assumed.gone(id);
    const { devices = [], bookings = [] } = replica ?? {};
    const shared = { at: this.now.stamp, model, server, devices, bytes: onOneDevice(bookings) };
    if (kind === 'unload') return { kind, ...shared, cause: action.cause, makesRoomFor: action.makesRoomFor };
    return { kind, ...shared, cause: action.cause, readyAt: this.assumed.endOf(id) };
  }

  private noteAnswer(action: ActionOf<'grant' | 'refuse'>): void {
    const model = this.supposed.requests.get(action.request);
    if (model === undefined) return;
    const told = { model, at: this.now.stamp, waited: this.now.stamp - this.began };
    this.answers.push(
      action.kind === 'refuse'
        ? { ...told, server: null, refusal: action.refusal }
        : { ...told, server: this.fleet.replicas.get(action.replica)!.server, refusal: null },
    );
  }
}

/** The most that a copy books on a GPU, or on the host where it is on none. */
function onOneDevice(bookings: readonly Booking[]): Bytes {
  const gpus = bookings.filter(({ account }) => account.startsWith('gpu:'));
  return Math.max(0, ...(gpus.length > 0 ? gpus : bookings).map(({ bytes }) => bytes));
}

/** A hold ends by itself, watchers answer at once, and each server was looked at. */
function assumeLed(fleet: Fleet): void {
  fleet.held = fleet.loadsHeld = false;
  fleet.watchers.clear();
  for (const server of fleet.servers.values()) server.secondLookFrom = null;
}

/** A supposition as events. */
interface Supposed {
  readonly events: readonly Event[];
  /** The arrivals of requests. A turn hears of a few of them, so that it is short. */
  readonly arrivals: readonly Event[];
  /** The model of each supposed request. */
  readonly requests: ReadonlyMap<RequestId, ModelId>;
  /** The servers that are lost or to be drained. */
  readonly gone: ReadonlySet<ServerId>;
}

/** Makes events of a supposition, as if all of it happened now. */
function suppose(
  fleet: Readonly<Fleet>,
  { models, lost, drained, asked, tenant }: Supposition,
  now: Now,
): Supposed {
  const declared = new Map([...fleet.models, ...models.map((model) => [model.id, model] as const)]);
  const wanted = [...new Set([...asked, ...losingWarmth(fleet, new Set(lost), now)])];
  const requests = wanted.map((id, at) =>
    plainRequest(`plan-${at}` as RequestId, id, tenant, declared.get(id), now.stamp),
  );
  return {
    events: [
      ...models.map((model): Event => ({ kind: 'ModelDeclared', model })),
      ...lost.map((server): Event => ({ kind: 'ContactChanged', server, fact: 'leaving' })),
      ...drained.map((server): Event => ({ kind: 'DrainOrdered', server, deadline: null })),
    ],
    arrivals: requests.map((request): Event => ({ kind: 'RequestArrived', request })),
    requests: new Map(requests.map(({ id, model }) => [id, model])),
    gone: new Set([...lost, ...drained]),
  };
}

/** Models in use on lost servers that are warm nowhere else: they are asked for again. */
function losingWarmth(fleet: Readonly<Fleet>, lost: ReadonlySet<ServerId>, now: Now): ModelId[] {
  return [...lost].flatMap((server) =>
    replicasOn(fleet, server).flatMap((replica) => {
      if (replica.phase !== 'ready' || now.has(idleAt(fleet, replica))) return [];
      const isElsewhere = routableReplicas(fleet, replica.model).some((one) => !lost.has(one.server));
      return isElsewhere ? [] : [replica.model];
    }),
  );
}
