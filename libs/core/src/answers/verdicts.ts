import type { Now } from '../numbers/now.js';
import type { Refusal } from '../fleet/actions.js';
import { type Cooldown, type Fleet, replicasOf, type Request } from '../fleet/fleet.js';
import type { Server } from '../fleet/server.js';
import { type ModelId, type ReplicaId, replicaId } from '../fleet/ids.js';
import { needsQuarantined } from '../memory/limits.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { isLasting } from '../learned/cooldown.js';
import { routableReplicas } from '../learned/routes.js';
import {
  isAboutToTakeLoads,
  isAllSeen,
  isHeldUp,
  isOverdue,
  isSettling,
  isStuck,
  isJustBorn,
  SETTLING,
  standingOf,
} from '../fleet/standing.js';
import { coolingOn } from '../demand/cooling.js';
import { type Fit, Room } from '../room/feasible.js';
import { readyIn } from '../loading/eta.js';
import { isGivenUp, presentCopies } from '../demand/wants.js';
import { noteBestEffort } from '../demand/best-effort.js';

/** A request for an unknown name makes all indexes be read again, at most this often. */
const REFRESH_EVERY = 5_000;
/** The hint of a refusal for which there is no forecast, and the shortest hint of all. */
export const SHORT_HINT: Millis = 1_000;

/** What is not the last word of a server whose metrics have not told yet what its new process has. */
const MAY_FIT: ReadonlySet<Fit> = new Set(['unseen', 'fits', 'too_small']);

type RequestVerdict =
  | Refusal
  | { readonly coolingUntil: Instant; readonly cause: Cooldown['cause'] }
  /** It is the verdict once the indexes were read again for the request. */
  | { readonly onceRefreshed: Refusal }
  | undefined;

/** Judges, once per model and turn, whether waiting for it can help. */
export class Verdicts {
  private readonly models = new Map<ModelId, RequestVerdict>();
  private room: Room | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly open: readonly Server[],
    private readonly now: Now,
  ) {}

  /** Has the indexes read again where a request is not to be refused before. */
  refreshFor({ model, arrivedAt }: Request): void {
    const verdict = this.of(model);
    if (!verdict || !('onceRefreshed' in verdict) || isSettling(this.fleet, this.now)) return;
    if (!this.isRefreshDue(arrivedAt)) return;
    this.fleet.refreshedAt = this.now.stamp;
    for (const server of this.askable()) server.lookWanted = this.now.stamp;
  }

  on({ model, deadline, arrivedAt }: Request): Refusal | undefined {
    const verdict = this.of(model);
    if (!verdict || 'reason' in verdict) return verdict;
    if ('onceRefreshed' in verdict) return this.isRefreshed(arrivedAt) ? verdict.onceRefreshed : undefined;
    const { coolingUntil, cause } = verdict;
    if (coolingUntil < deadline) return undefined;
    return { reason: 'cooling_down', retryAfter: coolingUntil - this.now.stamp, cause };
  }

  private of(model: ModelId): RequestVerdict {
    if (!this.models.has(model)) this.models.set(model, this.onModel(model));
    return this.models.get(model);
  }

  private onModel(id: ModelId): RequestVerdict {
    const model = this.fleet.models.get(id);
    if (!model) return { onceRefreshed: unknownNow(this.fleet) };
    if (!model.enabled) return { reason: 'disabled', retryAfter: null };
    if (routableReplicas(this.fleet, id).length > 0) return undefined;
    if (isSettling(this.fleet, this.now)) return undefined;
    if (needsQuarantined(this.fleet, id))
      return { reason: 'load_failed', retryAfter: null, cause: 'capacity' };
    if (model.coldStart.policy === 'shed') return this.shed(model);
    if (presentCopies(this.fleet, id, this.now) > 0) return undefined;
    return this.onPlaces(model);
  }

  private shed(model: Model): Refusal {
    if (model.coldStart.loadWhenShed) noteBestEffort(this.fleet, model.id, this.now);
    return {
      reason: 'no_capacity',
      retryAfter: Math.max(SHORT_HINT, readyIn(this.fleet, model.id, this.now)),
    };
  }

  /** No lasting refusal while a server was never seen, or is only down. One server that could load it now is enough. */
  private onPlaces(model: Model): RequestVerdict {
    const isTriedStill = !isGivenUp(this.fleet, model.id, this.now);
    if (isTriedStill && this.open.some((server) => this.mayTry(server, model))) return undefined;
    const fits = [...this.fleet.servers.values()].map((server) => ({
      server,
      fit: this.fitOn(server, model),
    }));
    const able = fits.filter(({ fit }) => fit === 'fits').map(({ server }) => server);
    if (fits.some(({ server, fit }) => MAY_FIT.has(fit) && server.looked && isJustBorn(server)))
      return undefined;
    if (able.length === 0) return this.nowhere(fits.map(({ fit }) => fit));
    const standings = able.map((server) => standingOf(server, this.now));
    if (standings.every((standing) => standing === 'lost' || standing === 'connecting')) {
      return this.mayComeBack(able) ? undefined : { reason: 'no_server', retryAfter: SHORT_HINT };
    }
    return this.onAble(model, able);
  }

  private mayTry(server: Server, model: Model): boolean {
    const id = replicaId(model.id, server.spec.id);
    if (!this.isTriable(id) || this.isStuckOn(id)) return false;
    return !coolingOn(this.fleet, server, model.id, this.now) && this.fitOn(server, model) === 'fits';
  }

  private fitOn(server: Server, model: Model): Fit {
    this.room ??= new Room(this.fleet);
    return this.room.fitOn(server, model);
  }

  private nowhere(fits: readonly Fit[]): RequestVerdict {
    const isUnsure = fits.length === 0 || fits.includes('unseen') || this.fleet.serversAwaited;
    if (isUnsure) return { reason: 'no_server', retryAfter: SHORT_HINT };
    if (fits.includes('disabled')) return { reason: 'disabled', retryAfter: null };
    const detail = (['needs_config', 'too_small', 'no_device_set', 'labels'] as const).find((fit) =>
      fits.includes(fit),
    );
    if (detail) return { reason: 'infeasible', retryAfter: null, detail };
    return { onceRefreshed: { reason: 'infeasible', retryAfter: null, detail: 'not_in_repository' } };
  }

  /** Whether one of them was not reached yet since the start, has just lost its connection, or is in its first look. */
  private mayComeBack(servers: readonly Server[]): boolean {
    const isYoung = !this.now.has((this.fleet.startedAt ?? this.now.stamp) + SETTLING);
    return servers
      .filter((server) => standingOf(server, this.now) === 'connecting')
      .some(({ contact }) => contact.kind !== 'connecting' || isYoung);
  }

  private onAble(model: Model, able: readonly Server[]): RequestVerdict {
    const overdue = replicasOf(this.fleet, model.id).some((one) => isOverdue(this.fleet, one, this.now));
    const open = able.filter((server) => this.open.includes(server));
    const tried = open.filter(({ spec }) => this.isTriable(replicaId(model.id, spec.id)));
    if (isGivenUp(this.fleet, model.id, this.now) || (overdue && tried.length === 0)) {
      return { reason: 'load_failed', retryAfter: null, cause: 'transient' };
    }
    // A slow server may recover, one that lacks a look is about to be looked at, and an overdue load may end.
    const isToCome = able.some(
      (server) =>
        standingOf(server, this.now) === 'stale' ||
        isAboutToTakeLoads(server, this.now) ||
        isHeldUp(this.fleet, server, this.now),
    );
    if (open.length === 0 && isToCome) return undefined;
    if (open.every(({ spec }) => this.isStuckOn(replicaId(model.id, spec.id)))) {
      return { reason: 'no_capacity', retryAfter: SHORT_HINT };
    }
    return this.onCooldowns(model.id, tried);
  }

  /** A refusal where the last load failed on every server that could be tried. */
  private onCooldowns(model: ModelId, tried: readonly Server[]): RequestVerdict {
    const cooldowns = tried.map((server) => coolingOn(this.fleet, server, model, this.now));
    const active = cooldowns.filter((one) => one !== undefined);
    const next = active.toSorted((a, b) => a.until - b.until)[0];
    if (!next || active.length < tried.length) return undefined;
    const { until, cause } = next;
    if (active.some((one) => one.until === Infinity)) return undefined;
    if (!active.every((one) => isLasting(one.cause))) return { coolingUntil: until, cause };
    return { reason: 'load_failed', retryAfter: null, cause };
  }

  /** Whether a load there may be ordered, now or after its back-off: no copy is there or leaving. */
  private isTriable(id: ReplicaId): boolean {
    const replica = this.fleet.replicas.get(id);
    return !replica || (replica.phase === 'unknown' && replica.after === 'load_failed');
  }

  private isStuckOn(id: ReplicaId): boolean {
    const replica = this.fleet.replicas.get(id);
    return replica !== undefined && isStuck(this.fleet, replica, this.now);
  }

  /**
   * Whether the indexes were read again since a request for an unknown name came, or shortly before. A later refresh for
   * another request does not prolong this one's wait.
   */
  private isRefreshed(arrivedAt: Instant): boolean {
    if (isSettling(this.fleet, this.now)) return false;
    const { refreshedAt } = this.fleet;
    const begunAt = this.isRefreshDue(arrivedAt) ? arrivedAt : Math.min(refreshedAt!, arrivedAt);
    return this.askable().every(
      ({ lookedAt, mode }) => mode === 'restricted' || (lookedAt ?? -Infinity) >= begunAt,
    );
  }

  private isRefreshDue(arrivedAt: Instant): boolean {
    const { refreshedAt } = this.fleet;
    return refreshedAt === null || arrivedAt - refreshedAt >= REFRESH_EVERY;
  }

  private askable(): Server[] {
    return [...this.fleet.servers.values()].filter(({ contact }) => contact.kind === 'up');
  }
}

/** The refusal of a request for a name that is not known: final only once every server was seen. */
export const unknownNow = (fleet: Readonly<Fleet>): Refusal =>
  isAllSeen(fleet)
    ? { reason: 'unknown_model', retryAfter: null }
    : { reason: 'no_server', retryAfter: SHORT_HINT };
