import type { Fleet, Instant, Model, ModelId, Replica, ReplicaId, Request, RequestId, ServerId } from '#core';
import type { Observer, Turn } from '#engine';
import { changesSince, isStill } from '../../checkers/scene.js';
import type { RareMark } from '../marks.js';
import { raritiesAtEnd } from './at-the-end.js';
import { ofMemory } from './of-memory.js';
import { isLostNow, type Moment, type ServerWas, type Sign } from './moment.js';
import { ofAdmins } from './of-admins.js';
import { ofOrders, ofSlowOrders } from './of-orders.js';
import { ofPlaces } from './of-places.js';
import { ofRequests } from './of-requests.js';
import { ofServers } from './of-servers.js';

type Signs = readonly (readonly [RareMark, Sign])[];

/** Each counts in every turn that shows it. */
const MOMENTARY = Object.entries({
  ...ofOrders,
  ...ofPlaces,
  ...ofRequests,
  ...ofAdmins,
  ...ofServers,
  ...ofMemory,
}) as unknown as Signs;

/** Each counts in the turn in which it begins. */
const LASTING = Object.entries(ofSlowOrders) as unknown as Signs;

/** Nothing rare begins in a still turn from which nothing followed but looks. */
const isQuiet = (moment: Moment): boolean =>
  isStill(moment) && moment.turn.actions.every(({ kind }) => kind === 'look');

/** Recognises rare situations in the turns of one life of Berth after the other: each has a fleet of its own. */
export class Rarities implements Observer {
  private readonly past = {
    replicas: new Map<ReplicaId, Replica>(),
    servers: new Map<ServerId, ServerWas>(),
    models: new Map<ModelId, Model>(),
    requests: new Map<RequestId, Request>(),
    lostAt: new Map<ServerId, Instant>(),
  };
  private readonly lasting = new Set<RareMark>();
  private fleet: Fleet | undefined;

  constructor(private readonly mark: (name: RareMark) => void) {}

  turnTaken(turn: Turn, fleet: Fleet): void {
    if (this.fleet !== fleet) this.beginLife(fleet);
    const moment: Moment = { turn, fleet, past: this.past, changes: changesSince(this.past.replicas, fleet) };
    if (isQuiet(moment)) return;
    for (const [name, isSo] of MOMENTARY) if (isSo(moment)) this.mark(name);
    for (const [name, isSo] of LASTING) this.mayBegin(name, isSo(moment));
    this.remember(moment);
  }

  /** The fleet of the life before is as its last turn left it. */
  private beginLife(fleet: Fleet): void {
    for (const name of this.fleet ? raritiesAtEnd(this.fleet) : []) this.mark(name);
    for (const known of Object.values(this.past)) known.clear();
    this.lasting.clear();
    this.fleet = fleet;
  }

  private mayBegin(name: RareMark, isSo: boolean): void {
    if (isSo && !this.lasting.has(name)) this.mark(name);
    if (isSo) this.lasting.add(name);
    else this.lasting.delete(name);
  }

  private remember(moment: Moment): void {
    const { replicas, servers, lostAt } = this.past;
    const { fleet, turn, changes } = moment;
    for (const { was, now } of changes) {
      if (now) replicas.set(now.id, now);
      else replicas.delete(was!.id);
    }
    for (const id of servers.keys()) if (isLostNow(moment, id)) lostAt.set(id, turn.now);
    for (const [id, { incarnation, contact, hidden }] of fleet.servers)
      servers.set(id, { incarnation, contact: contact.kind, hidden: hidden.length });
    for (const id of servers.keys()) if (!fleet.servers.has(id)) servers.delete(id);
    this.rememberTold(moment);
  }

  private rememberTold({ turn, fleet }: Moment): void {
    const { models, requests } = this.past;
    for (const event of turn.events) {
      if (event.kind === 'RequestArrived') requests.set(event.request.id, event.request);
      if (event.kind === 'RequestCancelled') requests.delete(event.request);
      if (event.kind === 'ModelDeclared') models.set(event.model.id, event.model);
      if (event.kind === 'ModelWithdrawn') models.delete(event.model);
    }
    if (requests.size === fleet.waiting.size) return;
    for (const id of requests.keys()) if (!fleet.waiting.has(id)) requests.delete(id);
  }
}
