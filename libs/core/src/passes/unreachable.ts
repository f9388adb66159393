import type { Action } from '../actions.js';
import { type Fleet, replicasOf } from '../fleet.js';
import type { ModelId } from '../ids.js';
import { hasOutlasted, isForeseen } from '../load-forecast.js';
import type { Forecast } from '../load-times.js';
import type { Instant, Millis } from '../model.js';
import type { Server } from '../server.js';
import { isSettling } from '../standing.js';
import { Beginnings } from './beginnings.js';
import { triableAt } from './cooling.js';
import { describeWait } from './eta.js';
import { heldUntil } from './load-budget.js';
import type { Openings } from './openings.js';
import { refuseWhere, SHORT } from './refuse.js';
import { wish } from './wishes.js';

/**
 * Turns away at once those whose model is not to be expected before their time is up: more often than not they would wait in
 * vain, and could have gone elsewhere meanwhile (Clockwork, OSDI 2020: say no early). Where the model says so they still
 * count as demand, so that the next one finds it warm. Before places are given no openings are known: then only what is nowhere
 * is judged, by the load alone, so that nothing is placed for those who cannot have it in time.
 */
export function refuseUnreachable(
  fleet: Fleet,
  open: readonly Server[],
  now: Instant,
  openings: Openings | null,
): Action[] {
  if (fleet.waiting.size === 0 || fleet.frozen || isSettling(fleet, now)) return [];
  const foresight = new Foresight(fleet, open, now, openings);
  return refuseWhere(fleet, ({ model, deadline }) => {
    const wait = deadline > now ? foresight.on(model) : undefined;
    if (!wait || now + wait.p50 <= deadline) return undefined;
    if (fleet.models.get(model)!.coldStart.loadWhenShed) wish(fleet, model, now);
    const retryAfter = Math.max(SHORT, foresight.swapDelay(model) + wait.p90);
    return { reason: 'deadline_unreachable', retryAfter };
  });
}

/** How long models should take to be ready, each found once. */
class Foresight {
  private readonly waits = new Map<ModelId, Forecast | undefined>();
  private readonly beginnings: Beginnings;

  constructor(
    private readonly fleet: Fleet,
    private readonly open: readonly Server[],
    private readonly now: Instant,
    private readonly openings: Openings | null,
  ) {
    this.beginnings = new Beginnings(fleet, now);
  }

  /** Undefined where nobody can tell. */
  on(model: ModelId): Forecast | undefined {
    if (!this.waits.has(model)) this.waits.set(model, this.foresee(model));
    return this.waits.get(model);
  }

  /** How long its devices have no swap left. It takes a search, so only who is turned away is told. */
  swapDelay(model: ModelId): Millis {
    const isPlaced = replicasOf(this.fleet, model).length > 0;
    const until = isPlaced ? null : heldUntil(this.fleet, this.open, model, this.now);
    return until === null ? 0 : until - this.now;
  }

  private foresee(model: ModelId): Forecast | undefined {
    if (!this.isForeseeable(model)) return undefined;
    const { eta, phase } = describeWait(this.fleet, model, this.now, this.beginnings);
    return eta && phase === 'waiting' ? this.onceOpen(model, eta) : (eta ?? undefined);
  }

  private onceOpen(model: ModelId, { p50, p90 }: Forecast): Forecast | undefined {
    const { fleet, now } = this;
    const able = this.open.filter(({ repository }) => repository.has(model));
    if (able.length === 0) return undefined;
    const opensAt = Math.max(triableAt(fleet, able, model, now), this.openings?.get(model)?.at ?? now);
    if (opensAt === Infinity) return undefined;
    const opening = opensAt - now;
    return { p50: opening + p50, p90: opening + p90 };
  }

  /**
   * Not by a guess; nor once a load has outlasted its forecast; nor of a copy that serves, and whose server may be back at
   * once; nor where no server could be told to load it, which others judge.
   */
  private isForeseeable(model: ModelId): boolean {
    const { fleet, now } = this;
    if (!fleet.models.has(model) || !isForeseen(fleet, model)) return false;
    if (!this.openings && fleet.holders.has(model)) return false;
    return replicasOf(fleet, model).every((one) => one.phase !== 'ready' && !hasOutlasted(fleet, one, now));
  }
}
