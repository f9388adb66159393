import { type Instant, type ModelId, type ReplicaId, replicaId } from '#core';
import type { Route } from '#engine';
import type { Timers } from '#testing';
import type { Site } from '../site.js';
import type { Trail } from '../trail.js';

interface Lease {
  readonly until: Instant;
  readonly by: string;
  readonly incarnation: number;
}

/** Sees what all peers do, and holds it against what must never happen among them. */
export class Referee {
  /** The highest term that has sent an order, and that has begun. */
  private sentBy = 0;
  private begunBy = 0;
  reigns = 0;
  orders = 0;
  private readonly leases = new Map<ReplicaId, Lease[]>();
  /** Copies of which the unload was sent, until a load of them is. */
  private readonly unloaded = new Map<ReplicaId, { readonly at: Instant; readonly incarnation: number }>();
  /** The copies that an admin has unloaded by force: leases on them count no more. */
  private readonly forced = new Set<ReplicaId>();

  constructor(
    private readonly timers: Timers,
    private readonly trail: Trail,
  ) {}

  begins(term: number, peer: string): void {
    const before = this.begunBy;
    this.trail.note(`${peer} leads, term ${term}`);
    this.trail.expect(term > before, () => `${peer} leads in term ${term} after term ${before}`);
    this.begunBy = Math.max(before, term);
    this.reigns += 1;
  }

  /** At no moment do two act. */
  act(terms: readonly number[]): void {
    this.trail.expect(terms.length <= 1, () => `the leaders of terms ${terms.join(' and ')} may act at once`);
  }

  /** Leases on it are not waited for, until it is loaded again. */
  forces(id: ReplicaId): void {
    this.forced.add(id);
    this.leases.delete(id);
  }

  /** An order is sent: at this moment its sender holds that it may. */
  sends(kind: 'load' | 'unload', term: number, site: Site, model: ModelId): void {
    this.trail.note(`term ${term} sends ${kind} ${model}@${site.id}`);
    this.orders += 1;
    const before = this.sentBy;
    this.trail.expect(
      term >= before,
      () => `term ${term} sends ${kind} ${model}@${site.id} after term ${before}`,
    );
    this.sentBy = Math.max(before, term);
    const id = replicaId(model, site.id);
    if (kind === 'unload') return this.unload(site, id, model);
    this.unloaded.delete(id);
    this.forced.delete(id);
  }

  private unload(site: Site, id: ReplicaId, model: ModelId): void {
    const now = this.timers.now();
    const { incarnation } = site;
    const lease = this.leases
      .get(id)
      ?.find((one) => one.until > now && one.incarnation === incarnation && !hasLost(site, model));
    this.trail.expect(
      lease === undefined,
      () => `unload ${id} under a lease of ${lease!.by} until ${lease!.until.toFixed(1)}`,
    );
    this.leases.delete(id);
    this.unloaded.set(id, { at: now, incarnation });
  }

  /** A route was given. */
  gives(peer: string, { replica, lease, stale }: Route & { stale?: boolean }, site: Site): void {
    const now = this.timers.now();
    const { incarnation } = site;
    const unloaded = this.unloaded.get(replica);
    const isGone = unloaded?.incarnation === incarnation;
    this.trail.expect(
      !isGone || stale === true,
      () => `${peer} gives a route to ${replica}, whose unload was sent at ${unloaded!.at.toFixed(1)}`,
    );
    if (this.forced.has(replica)) return;
    const known = (this.leases.get(replica) ?? []).filter(({ until }) => until > now);
    this.leases.set(replica, [...known, { until: now + lease, by: peer, incarnation }]);
  }
}

/** Whether the copy is gone already, whoever took it. */
const hasLost = ({ sim }: Site, model: string): boolean =>
  !sim.copies().some((copy) => copy.model === model && copy.phase === 'serving');
