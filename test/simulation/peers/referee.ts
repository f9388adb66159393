import { DEFAULT_LEASE, type Instant, type ModelId, type ReplicaId, replicaId } from '#core';
import type { Route } from '#engine';
import type { Timers } from '#triton-simulator';
import type { Site } from '../site.js';
import type { Trail } from '../trail.js';
import { RouteLeases } from './route-leases.js';

/** A route is given for so long after the last renewal of the leader that was confirmed; later it is stale. */
const BOUND = 30_000;
/** A look counts for so long, and may take so long to show that a copy is gone. */
const LOOKED = 6_000;

/** Looks settle no unload without an answer sooner. */
const SETTLED = 6_000;

/** Which gateways may lead a request to a copy. */
export interface WatchesRoutes {
  readonly name: string;
  goesBy(id: ReplicaId): boolean;
}

/** An order, at the moment at which it is sent, and whether its leader may act then. */
interface Sent {
  readonly kind: 'load' | 'unload';
  readonly term: number;
  readonly site: Site;
  readonly model: ModelId;
  readonly mayAct: boolean;
}

/** Sees what all peers do, and holds it against what must never happen among them. */
export class Referee {
  readonly leases: RouteLeases;
  gateways: readonly WatchesRoutes[] = [];
  orders = 0;
  stale = 0;
  /** The highest term that has sent an order. */
  private sentBy = 0;
  /** When the last renewal that was confirmed was sent. */
  private renewedAt: Instant = -Infinity;
  /** Copies of which the unload was sent, until a load of them is. */
  private readonly unloaded = new Map<ReplicaId, { readonly at: Instant; readonly incarnation: number }>();
  /** The copies that an admin has unloaded by force: leases on them count no more. */
  private readonly forced = new Set<ReplicaId>();
  /** Until then a torn split is felt: the latest end counts, as one may begin before the one before is forgotten. */
  private excusedUntil: Instant = -Infinity;

  constructor(
    private readonly timers: Timers,
    private readonly trail: Trail,
    private readonly servesStale: boolean,
  ) {
    this.leases = new RouteLeases(timers);
  }

  /** For a while two masters confirm what they take: then two lead, and no client can prevent it. */
  excuse(ms: number): void {
    this.excusedUntil = Math.max(this.excusedUntil, this.timers.now() + ms);
    this.leases.forgetAll();
    this.timers.after(ms, () => {
      if (this.isExcused) return;
      this.leases.forgetAll();
      this.unloaded.clear();
    });
  }

  /** At no moment do two act. */
  act(terms: readonly number[]): void {
    if (terms.length > 1)
      this.expect(false, () => `the leaders of terms ${terms.join(' and ')} may act at once`);
  }

  renewed(sentAt: Instant): void {
    this.renewedAt = Math.max(this.renewedAt, sentAt);
  }

  /** Leases on it are not waited for, until it is loaded again. */
  forces(id: ReplicaId): void {
    this.forced.add(id);
    this.leases.forget(id);
  }

  sends({ kind, term, site, model, mayAct }: Sent): void {
    const what = `${kind} ${model}@${site.id}`;
    this.trail.note(`term ${term} sends ${what}`);
    this.orders += 1;
    const before = this.sentBy;
    this.trail.expect(mayAct, () => `term ${term} sends ${what}, and may not act`);
    this.expect(term >= before, () => `term ${term} sends ${what} after term ${before}`);
    this.sentBy = Math.max(before, term);
    const id = replicaId(model, site.id);
    if (kind === 'unload') return this.unload(site, id, model);
    this.unloaded.delete(id);
    this.forced.delete(id);
  }

  /** A peer has given a route. */
  gives(peer: string, { replica, model, lease, stale }: Route & { stale?: boolean }, site: Site): void {
    const now = this.timers.now();
    if (stale) this.givesStale(peer, replica, model, lease, site);
    else {
      const age = now - this.renewedAt;
      this.expect(age <= BOUND, () => `${peer} gives a route to ${replica} that is ${age} ms old`);
      this.expectPresent(peer, replica, site);
    }
    if (!this.forced.has(replica))
      this.leases.note(replica, { until: now + lease, givenBy: peer, incarnation: site.incarnation });
  }

  /** A gateway leads a request to a copy by its table. */
  routes(gateway: string, id: ReplicaId, site: Site): void {
    this.expectPresent(gateway, id, site);
  }

  /** A peer has heard of a lease that a gateway gave. */
  reports(gateway: string, id: ReplicaId, until: Instant, { incarnation }: Site): void {
    if (!this.forced.has(id) && !this.unloaded.has(id))
      this.leases.note(id, { until, givenBy: gateway, incarnation });
  }

  private givesStale(peer: string, id: ReplicaId, model: ModelId, lease: number, site: Site): void {
    this.stale += 1;
    this.expect(this.servesStale, () => `${peer} gives a stale route, which it must not`);
    this.expect(lease <= DEFAULT_LEASE, () => `${peer} gives a stale route to ${id} for ${lease} ms`);
    const since = this.timers.now() - LOOKED;
    const wasThere = !hasLost(site, model) || site.disturbedAt > since || this.unloadedAt(id) > since;
    this.expect(wasThere, () => `${peer} gives a stale route to ${id}, which is not there`);
  }

  /** A server may have dropped the unload: looks settle that, the second of them so much later. */
  private expectPresent(by: string, id: ReplicaId, site: Site): void {
    const isSettled = this.unloadedAt(id) + SETTLED <= this.timers.now() && serves(site, id);
    const isGone = this.unloaded.get(id)?.incarnation === site.incarnation && !isSettled;
    if (isSettled) this.unloaded.delete(id);
    this.expect(
      !isGone,
      () => `${by} gives a route to ${id}, whose unload was sent at ${this.unloadedAt(id).toFixed(1)}`,
    );
  }

  private unload(site: Site, id: ReplicaId, model: ModelId): void {
    const { incarnation } = site;
    if (!hasLost(site, model)) this.expectUnused(id, incarnation);
    this.leases.forget(id);
    this.unloaded.set(id, { at: this.timers.now(), incarnation });
  }

  private expectUnused(id: ReplicaId, incarnation: number): void {
    const lease = this.leases.held(id, incarnation);
    this.expect(
      lease === undefined,
      () => `unload ${id} under a lease of ${lease!.givenBy} until ${lease!.until.toFixed(1)}`,
    );
    for (const gateway of this.gateways)
      this.expect(!gateway.goesBy(id), () => `unload ${id}, which gateway ${gateway.name} goes by`);
  }

  private unloadedAt(id: ReplicaId): Instant {
    return this.unloaded.get(id)?.at ?? -Infinity;
  }

  private get isExcused(): boolean {
    return this.timers.now() < this.excusedUntil;
  }

  private expect(isKept: boolean, promise: () => string): void {
    if (!this.isExcused) this.trail.expect(isKept, promise);
  }
}

const serves = ({ sim, id: server }: Site, id: ReplicaId): boolean =>
  sim.copies().some((copy) => replicaId(copy.model as ModelId, server) === id && copy.phase === 'serving');

/** Whether the copy is gone already, whoever took it. */
const hasLost = (site: Site, model: ModelId): boolean => !serves(site, replicaId(model, site.id));
