import {
  dependenciesOf,
  type Fleet,
  type Instant,
  type Millis,
  type ModelId,
  type RefusalReason,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

/** A request refused for one of these comes again, and not together with all others. */
const SENT_BACK: ReadonlySet<RefusalReason> = new Set([
  'deadline_unreachable',
  'no_capacity',
  'queue_full',
  'over_share',
]);

/** The longest that a request is kept away for the sake of others. */
const LONGEST: Millis = 60_000;

/** The requests that are to come again for one model: from when on, and until when they keep it busy. */
interface Outside {
  readonly first: Instant;
  readonly next: Instant;
  /** The least that there is between two of them. */
  readonly each: Millis;
}

/** A refused request is told to come again behind those told before it, no faster than the model could serve them. */
export const hintsKeepToTheRate = (): TurnCheck => {
  const outside = new Map<ModelId, Outside>();
  return (scene) => {
    forgetGone(outside, scene);
    for (const { request, model, at } of sentBackIn(scene)) {
      const { turn, fleet, trail } = scene;
      const known = outside.get(model);
      const others = known && known.next > turn.now ? known : undefined;
      if (others) {
        const behind = Math.min(others.next, turn.now + (others.next - others.first), turn.now + LONGEST);
        trail.mark('sent back behind others');
        const early = behind - at;
        trail.expect(
          early <= ROUNDED,
          () => `${request} is to come again for ${model} ${early} ms before its turn`,
        );
      }
      const each = others?.each ?? leastBetween(fleet, model);
      if (each > 0) outside.set(model, joined(others, { at, each, now: turn.now }));
    }
  };
};

/** Forgets models that were withdrawn; one that was only found goes with its server. */
function forgetGone(outside: Map<ModelId, Outside>, { turn, fleet }: TurnScene): void {
  for (const event of turn.events) if (event.kind === 'ModelWithdrawn') outside.delete(event.model);
  for (const model of outside.keys()) if (!fleet.models.has(model)) outside.delete(model);
}

/** The refused requests whose hint may depend on other requests, in the order in which they were told. */
function sentBackIn({ turn, fleet, history }: TurnScene) {
  return turn.actions.flatMap((action) => {
    if (action.kind !== 'refuse' || !SENT_BACK.has(action.refusal.reason)) return [];
    const { request, refusal } = action;
    const { model } = history.pending.get(request)!;
    const retryAfter = refusal.retryAfter ?? Infinity;
    const isQueued = retryAfter <= LONGEST && fleet.models.has(model);
    return isQueued ? [{ request, model, at: turn.now + retryAfter }] : [];
  });
}

/** The end of a millisecond that a float lost. */
const ROUNDED = 1e-6;

/** Where the model should serve sooner than was thought, those outside are taken to be there from then on. */
function joined(
  others: Outside | undefined,
  { at, each, now }: { readonly at: Instant; readonly each: Millis; readonly now: Instant },
): Outside {
  if (!others) return { first: at, next: at + each, each };
  const isAtTheEnd = at >= now + LONGEST;
  const first = isAtTheEnd ? others.first : Math.min(others.first, at - (others.next - others.first));
  return { first, next: at + each, each };
}

/** How long it takes at least until a model has served one, by the slowest of what it is made of; 0 where nothing is known. */
function leastBetween(fleet: Readonly<Fleet>, model: ModelId): Millis {
  const parts = fleet.steps.has(model) ? dependenciesOf(fleet, model) : [model];
  return Math.max(0, ...Array.from(parts, (part) => meanTime(fleet, part) / mostAtOnce(fleet, part)));
}

function meanTime({ serviceTimes }: Readonly<Fleet>, model: ModelId): Millis {
  const known = serviceTimes.get(model);
  return known ? known.took / known.served : 0;
}

/** By all copies that may be ready, or by one wherever that may be. */
function mostAtOnce({ replicas, servers }: Readonly<Fleet>, model: ModelId): number {
  const batches = Array.from(servers.values(), ({ spec, devices, configs }) => {
    const { count, batch, gpus } = configs.get(model) ?? { count: 1, batch: 1, gpus: [] };
    const most = count * batch * Math.max(1, devices?.length ?? 0, gpus.length);
    return { most, isThere: replicas.has(`${model}@${spec.id}` as never) };
  });
  const there = batches.reduce((sum, { most, isThere }) => sum + (isThere ? most : 0), 0);
  return Math.max(1, there, ...batches.map(({ most }) => most));
}
