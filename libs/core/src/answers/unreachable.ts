import type { Action, Refusal } from '../fleet/actions.js';
import { type Fleet, replicasOf, type Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { hasOutlasted, isForeseen } from '../learned/load-forecast.js';
import { p10Of } from '../learned/load-times.js';
import type { Instant, Millis } from '../fleet/model.js';
import { isComingBack } from '../memory/reloads.js';
import { isLeaving } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isSettling } from '../fleet/standing.js';
import { Beginnings, type Share } from '../loading/beginnings.js';
import { triableAt } from '../demand/cooling.js';
import { loadToCome, phaseOf, readyAfter } from '../loading/eta.js';
import type { Ahead } from '../loading/line-ahead.js';
import { heldUntil } from '../loading/load-budget.js';
import { Price } from '../loading/price.js';
import { isExpired, refuseWhere } from './refuse.js';
import { SHORT_HINT } from './verdicts.js';
import { wish } from '../demand/wishes.js';

/**
 * Refuses at once requests whose model is not expected before their time is up. More often than not they would wait
 * without a route, and could have gone elsewhere meanwhile (Clockwork, OSDI 2020: say no early). It also refuses
 * requests whose model is not worth a load while load slots are scarce (`Price`), even if they would not wait at all.
 * Where the model says so, refused requests still count as demand, so that the next one finds it warm.
 *
 * An admitted request keeps its place: later arrivals cannot push it back. It waits as long as what cannot be hurried
 * leaves it time. Before places are given it is not known what is ahead. Then only models that are nowhere are judged,
 * by the load alone, so that nothing is placed for requests that cannot have it in time.
 */
export function refuseUnreachable(
  fleet: Fleet,
  open: readonly Server[],
  now: Instant,
  ahead: Ahead | null,
): Action[] {
  forgetWhoLeft(fleet);
  if (fleet.waiting.size === 0 || fleet.frozen || isSettling(fleet, now)) return [];
  const foresight = new Foresight(fleet, open, now, ahead);
  const refuse = ({ model, deadline }: Request, reason: Refusal['reason'], hint: Millis): Refusal => {
    if (fleet.models.get(model)!.coldStart.loadWhenShed) wish(fleet, model, now);
    return { reason, retryAfter: Math.max(SHORT_HINT, deadline - now, hint) };
  };
  const tooLate = (request: Request): Refusal =>
    refuse(request, 'deadline_unreachable', foresight.hint(request.model));
  const tooDear = (request: Request): Refusal => ({
    ...refuse(request, 'no_capacity', foresight.hintAtPrice(request.model)),
    detail: 'load_slots',
  });
  const isInTime = ({ deadline }: Request): boolean => deadline > now;
  const vain = refuseWhere(fleet, now, (request) =>
    isInTime(request) && fleet.letIn.has(request.id) && foresight.isVain(request)
      ? tooLate(request)
      : undefined,
  );
  // What had drained for them may serve other requests now: these are judged once that is known.
  if (ahead && vain.length > 0) return vain;
  const past = refuseWhere(fleet, now, (request) => {
    if (fleet.letIn.has(request.id) || isExpired(request, now)) return undefined;
    if (foresight.isTooDear(request)) return tooDear(request);
    if (!isInTime(request)) return undefined;
    if (foresight.isPast(request)) return { ...tooLate(request), ...foresight.detailOf(request) };
    if (ahead && foresight.likelyWait(request.model) !== null) fleet.letIn.add(request.id);
    return undefined;
  });
  return [...vain, ...past];
}

/** Of what the P90 of a wait exceeds its P50 by: as much as the P50 exceeds about the P28, were it log-normal. */
const DOUBT = 0.45;

function forgetWhoLeft({ letIn, waiting }: Fleet): void {
  for (const id of letIn) if (!waiting.has(id)) letIn.delete(id);
}

/** How long models should take to be ready, each found once. */
class Foresight {
  private readonly waits = new Map<ModelId, Millis | null>();
  private readonly leastWaits = new Map<ModelId, Millis | null>();
  private readonly hints = new Map<ModelId, Millis>();
  private readonly beginnings: Beginnings;
  private readonly price: Price;

  constructor(
    private readonly fleet: Fleet,
    private readonly open: readonly Server[],
    private readonly now: Instant,
    private readonly ahead: Ahead | null,
  ) {
    this.beginnings = new Beginnings(fleet, now);
    this.price = new Price(fleet, open, now);
  }

  /** Whether nothing of the model is there or on its way, and it is not asked for enough to be loaded now. */
  isTooDear({ model, class: of }: Request): boolean {
    const { fleet, price } = this;
    if (of === 'critical' || !fleet.models.has(model) || price.isPaid(model)) return false;
    if (!this.open.some(({ repository }) => repository.has(model))) return false;
    return replicasOf(fleet, model).every((one) => isLeaving(one) && !isComingBack(fleet, one));
  }

  /**
   * Whether the model should be ready only after the request's time is up, by the P50 of its wait less some doubt. By
   * the plain P50 every sixth refused request would have been served in time, had it been admitted. False where the
   * wait is not known.
   */
  isPast(request: Request): boolean {
    const { model, deadline } = request;
    const wait = this.likelyWait(model);
    if (wait === null || this.now + wait <= deadline) return false;
    if (this.isVain(request)) return true;
    const doubt = DOUBT * Math.max(0, (this.wait(model, 'p90') ?? 0) - wait);
    return this.now + wait - doubt > deadline;
  }

  /** The P50 of the wait until the model is ready; null where it is not known. */
  likelyWait(model: ModelId): Millis | null {
    return this.foreseen(this.waits, model, () => {
      const wait = this.wait(model, 'p50');
      const swapIn = this.swapIn(model);
      if (wait === null || swapIn === 0) return wait;
      return Math.max(wait, swapIn + loadToCome(this.fleet, model).p50);
    });
  }

  /** How long until a device has a swap left, where others have to leave for it. */
  private swapIn(model: ModelId): Millis {
    const opening = this.ahead?.openings.get(model);
    return opening && opening.swapAt > opening.at ? Math.max(0, opening.swapAt - this.now) : 0;
  }

  /** Whether it is so even if no load were before it in line. */
  isVain({ model, deadline }: Request): boolean {
    const wait = this.foreseen(this.leastWaits, model, () => this.leastWait(model));
    return wait !== null && this.now + wait > deadline;
  }

  /** Tells whether the request is refused only for want of a swap. */
  detailOf({ model, deadline }: Request): Pick<Refusal, 'detail'> {
    const wait = this.swapIn(model) > 0 ? this.wait(model, 'p50') : null;
    return wait !== null && this.now + wait <= deadline ? { detail: 'load_budget' } : {};
  }

  private foreseen(
    known: Map<ModelId, Millis | null>,
    model: ModelId,
    find: () => Millis | null,
  ): Millis | null {
    let wait = known.get(model);
    if (wait === undefined) known.set(model, (wait = this.isForeseeable(model) ? find() : null));
    return wait;
  }

  /** A short load, once a place for it opens; what is under way comes when it comes. */
  private leastWait(model: ModelId): Millis | null {
    const phase = phaseOf(this.fleet, model);
    if (phase === 'loading') return null;
    const load = p10Of(loadToCome(this.fleet, model));
    return phase === 'placed' ? load : this.onceOpen(model, 0, load);
  }

  /** When a repeated request finds it ready nine times of ten. It takes a search, so only refused ones are told. */
  hint(model: ModelId): Millis {
    let hint = this.hints.get(model);
    if (hint === undefined)
      this.hints.set(model, (hint = this.swapDelay(model) + (this.wait(model, 'p90') ?? 0)));
    return hint;
  }

  /** The same for a request that waits until the model is loaded whatever that costs. */
  hintAtPrice(model: ModelId): Millis {
    return (this.price.forOneMore(model)?.startsIn ?? 0) + this.hint(model);
  }

  /** How long its devices have no swap left; a refused request does not starve meanwhile. */
  private swapDelay(model: ModelId): Millis {
    const isPlaced = replicasOf(this.fleet, model).length > 0;
    const until = isPlaced ? null : heldUntil(this.fleet, this.open, model, this.now);
    return until === null ? 0 : until - this.now;
  }

  private wait(model: ModelId, share: Share): Millis | null {
    const { fleet, now } = this;
    // Before places are given nothing is known but the load: what use was read for may have been long ago.
    if (!this.ahead) return this.onceOpen(model, 0, loadToCome(fleet, model)[share]);
    const ready = readyAfter(fleet, model, share, now, this.beginnings);
    return ready === null || phaseOf(fleet, model) !== 'waiting'
      ? ready
      : this.onceOpen(model, this.ahead?.line.before(model, share) ?? 0, ready);
  }

  /** What is to leave does so while the line for slots goes on, so that the longer of both counts. */
  private onceOpen(model: ModelId, inLine: Millis, ready: Millis): Millis | null {
    const { fleet, now, ahead } = this;
    if (!this.open.some(({ repository }) => repository.has(model))) return null;
    const triable = triableAt(fleet, this.open, model, now);
    const opensAt = Math.max(now, triable, ahead?.openings.get(model)?.at ?? now);
    return opensAt === Infinity ? null : Math.max(opensAt - now, inLine) + ready;
  }

  /**
   * Not by a guess, nor once a load has outlasted its forecast. Nor of a copy that serves, and whose server may be back
   * at once. Nor where no server could be told to load it, which other passes judge.
   */
  private isForeseeable(model: ModelId): boolean {
    const { fleet, now } = this;
    if (!fleet.models.has(model) || !isForeseen(fleet, model)) return false;
    if (!this.ahead && fleet.holders.has(model)) return false;
    return replicasOf(fleet, model).every((one) => one.phase !== 'ready' && !hasOutlasted(fleet, one, now));
  }
}
