import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { dependentsOf } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import { copiesOf } from '../memory/pins.js';
import { madeOnce } from '../numbers/groups.js';
import { rankOf } from '../demand/rank.js';
import type { Placed } from '../fleet/replica.js';
import { claimsOn, leavingDraining, ranksAsked } from '../demand/claims.js';
import { isOrderedByOperator, presentCopies, bandOf } from '../demand/wants.js';

/** Why a load is to come. */
interface Reason {
  readonly band: number;
  readonly isOrdered: boolean;
}

/** Why loads are to come: as the wants say it, of copies that are not there before their loads begin. */
export class Reasons {
  private readonly leaving: ReadonlySet<ModelId>;
  private readonly asked: ReturnType<typeof ranksAsked>;
  /** Copies that are there or were gone over, of the models that were asked for. */
  private readonly counted = new Map<ModelId, number>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Now,
  ) {
    this.leaving = new Set(leavingDraining(fleet, now));
    this.asked = ranksAsked(fleet, this.leaving, now);
  }

  /** It is loaded for itself, and for what needs it there. */
  for(replica: Placed): Reason & { readonly models: readonly ModelId[] } {
    const { fleet } = this;
    const { model } = replica;
    const others = loadedFor(fleet, replica);
    const had = this.copies(model);
    this.counted.set(model, had + copiesOf(fleet, replica));
    const reasons = [this.reason(model, had), ...others.map((one) => this.reason(one, this.copies(one)))];
    const [strongest] = reasons.sort((one, other) => one.band - other.band);
    return { models: [model, ...others], ...strongest! };
  }

  private reason(id: ModelId, had: number): Reason {
    const model = this.fleet.models.get(id);
    const claims = model ? claimsOn(this.fleet, model, this.asked.get(id) ?? null) : [];
    const claim = claims.find(({ copies }) => had < copies);
    return model && claim
      ? { band: bandOf(id, claim, this.leaving), isOrdered: isOrderedByOperator(this.fleet, model, claim) }
      : { band: -rankOf((model ?? this.fleet.defaults).class), isOrdered: true };
  }

  private copies(model: ModelId): number {
    return madeOnce(this.counted, model, () => copiesBegun(this.fleet, model, this.now));
  }
}

/** Copies of a model that are there, or whose loads have begun. */
function copiesBegun(fleet: Readonly<Fleet>, model: ModelId, now: Now): number {
  let copies = presentCopies(fleet, model, now);
  for (const one of replicasOf(fleet, model)) if (one.phase === 'placed') copies -= copiesOf(fleet, one);
  return copies;
}

/** The other models that a load is for: those that need it there. */
function loadedFor(fleet: Readonly<Fleet>, replica: Placed): ModelId[] {
  const others: ModelId[] = [];
  if (fleet.composed.size > 0)
    for (const needer of dependentsOf(fleet, replica))
      if (needer.phase === 'placed') others.push(needer.model);
  return others;
}
