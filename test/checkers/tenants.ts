import { type Fleet, loadForecast, type Millis, type Placed, type ReplicaId, type TenantId } from '#core';
import { heldUp, type Load, modelsFor, rankAtLeast, rankAtMost } from './load-order.js';
import type { TurnCheck, TurnScene } from './scene.js';

/** What has its place and waits, and what others had in its stead since a load of its own tenant last began. */
interface Passed {
  readonly tenant: TenantId;
  /** The longest that its load was foreseen to take. */
  cost: Millis;
  readonly by: Map<TenantId, { had: Millis; readonly owed: Millis }>;
}

/**
 * A tenant that waits for a load that could begin is not passed over for long by another tenant. The bound is what the
 * other tenant was owed before, plus twice the time that its last load and the waiting one take. Only loads that one
 * tenant alone waits for count.
 */
export const tenantsTakeTurns = (start: Readonly<Fleet>): TurnCheck => {
  const passed = new Map<ReplicaId, Passed>();
  let owed = new Map(start.deficits);
  return (scene) => {
    forgetThoseGone(scene, passed);
    for (const load of scene.turn.actions) {
      if (load.kind !== 'load') continue;
      const payers = askersFor(scene, load);
      for (const [id, { tenant }] of passed) if (payers.has(tenant)) passed.delete(id);
      const payer = onlyOf(payers);
      if (payer === undefined || isDue(scene.fleet, load)) continue;
      for (const one of heldUp(scene, load))
        pass(scene, passed, { load, payer, one, owed: owed.get(payer) ?? 0 });
    }
    owed = new Map(scene.fleet.deficits);
  };
};

/** A load that began for one tenant, and one that could have begun in its stead. */
interface Passing {
  readonly load: Load;
  readonly payer: TenantId;
  readonly one: Placed;
  readonly owed: Millis;
}

function pass(scene: TurnScene, passed: Map<ReplicaId, Passed>, { load, payer, one, owed }: Passing): void {
  const { fleet, trail } = scene;
  const tenant = onlyOf(waitingFor(fleet, one));
  const most = rankAtMost(scene, load);
  if (tenant === undefined || tenant === payer || most === null || rankAtLeast(fleet, one) < most) return;
  const known = passed.get(one.id) ?? { tenant, cost: 0, by: new Map() };
  const by = known.by.get(payer) ?? { had: 0, owed };
  const cost = loadForecast(fleet, load.model, load.server).p50;
  by.had += cost;
  known.cost = Math.max(known.cost, loadForecast(fleet, one.model, one.server).p50);
  known.by.set(payer, by);
  passed.set(one.id, known);
  trail.expect(
    by.had <= by.owed + 2 * (known.cost + cost),
    () => `${payer} had loads of ${by.had} ms while ${one.id} waited for ${tenant}`,
  );
}

/** The tenants that waited for a load when the turn began, wishes aside: with a wish there is one tenant more. */
function askersFor({ fleet, history }: TurnScene, load: Load): ReadonlySet<TenantId> {
  const models = modelsFor(fleet, load);
  const asking = [...history.pending.values()].filter(({ model }) => models.includes(model));
  return new Set(asking.map(({ tenant }) => tenant));
}

const waitingFor = ({ waiting }: Readonly<Fleet>, { model }: Placed): ReadonlySet<TenantId> =>
  new Set([...waiting.values()].filter((one) => one.model === model).map(({ tenant }) => tenant));

function onlyOf(tenants: ReadonlySet<TenantId>): TenantId | undefined {
  const [first] = tenants;
  return tenants.size === 1 ? first : undefined;
}

/** Whether the operator may want it: no tenant pays for that. */
const isDue = (fleet: Readonly<Fleet>, load: Load): boolean => {
  const { models, strains, wishes } = fleet;
  const { pinnedCopies, minCopies } = models.get(load.model) ?? { pinnedCopies: 0, minCopies: 0 };
  if (pinnedCopies > 0 || minCopies > 0 || strains.has(load.model)) return true;
  return modelsFor(fleet, load).some((id) => wishes.get(id)?.admin);
};

/** What is not placed any more, or for which its tenant waits no more: a tenant that comes then was not passed over. */
function forgetThoseGone({ fleet }: TurnScene, passed: Map<ReplicaId, Passed>): void {
  for (const [id, { tenant }] of passed) {
    const replica = fleet.replicas.get(id);
    if (replica?.phase !== 'placed' || onlyOf(waitingFor(fleet, replica)) !== tenant) passed.delete(id);
  }
}
