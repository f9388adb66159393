import type { Happening } from './happenings.js';
import { ANONYMOUS } from './draw/floods.js';
import type { Plan, PlannedModel, PlannedServer } from './plan.js';

/** Makes a plan simpler in one respect. */
export type Edit = (plan: Plan) => Plan;

/** What is special about what is left, and could be ordinary. */
export function simplerFields(plan: Plan): readonly Edit[] {
  return [
    ...plan.servers.flatMap((server, nth) => serverEdits(server, nth)),
    ...plan.models.flatMap((model, nth) => modelEdits(model, nth)),
    ...plan.happenings.flatMap((happening, nth) => happeningEdits(happening, nth)),
  ];
}

/** Moments are easier to read in whole seconds; none is put off until the storm is over. */
export function simplerTimes(plan: Plan): readonly Edit[] {
  return plan.happenings.flatMap((happening): Edit[] => {
    const [nearest, before] = [Math.round(happening.at / 1_000), Math.floor(happening.at / 1_000)];
    const at = 1_000 * (nearest * 1_000 <= plan.storm ? nearest : before);
    return at === happening.at ? [] : [(so) => ({ ...so, happenings: moved(so.happenings, happening, at) })];
  });
}

const moved = (happenings: readonly Happening[], one: Happening, at: number): Happening[] =>
  happenings
    .map((other) => (other === one ? { ...one, at } : other))
    .toSorted((before, after) => before.at - after.at);

function serverEdits({ setup, spec, lateBy, hasMetrics }: PlannedServer, nth: number): Edit[] {
  const set =
    (changed: Partial<PlannedServer>): Edit =>
    (plan) => ({
      ...plan,
      servers: replaced(plan.servers, nth, changed),
    });
  const fewer: Edit = (plan) => {
    const server = plan.servers[nth]!;
    const devices = server.setup.devices.slice(0, 1);
    const declared = server.spec.devices?.slice(0, 1) ?? null;
    const changed = { setup: { ...server.setup, devices }, spec: { ...server.spec, devices: declared } };
    return { ...plan, servers: replaced(plan.servers, nth, changed) };
  };
  return [
    ...(lateBy === 0 ? [] : [set({ lateBy: 0 })]),
    ...(hasMetrics ? [] : [set({ hasMetrics: true })]),
    ...(setup.devices.length > 1 || (spec.devices?.length ?? 0) > 1 ? [fewer] : []),
  ];
}

const ORDINARY: Partial<PlannedModel['model']> = {
  pinnedCopies: 0,
  minCopies: 0,
  minResidency: 0,
  dependsOn: [],
  require: {},
  spread: null,
  config: null,
  maxCopies: null,
  class: 'default',
  idleMode: 'strict',
};

function modelEdits({ model }: PlannedModel, nth: number): Edit[] {
  return specialIn(model, ORDINARY).map((changed) => (plan) => {
    const before = plan.models[nth]!.model;
    return { ...plan, models: replaced(plan.models, nth, { model: { ...before, ...changed } }) };
  });
}

/** How one that asks does when nothing is special about it. */
const PLAIN = {
  count: 1,
  version: null,
  wait: null,
  avoid: [],
  useAfter: null,
  giveUpAfter: null,
  retries: 0,
  tenant: ANONYMOUS,
};

function happeningEdits(happening: Happening, nth: number): Edit[] {
  if (happening.kind !== 'ask') return [];
  return specialIn(happening, PLAIN).map((changed) => (plan) => withHappening(plan, nth, changed));
}

/** One change for each key that is not as it ordinarily is. */
function specialIn<Thing extends object>(thing: Thing, ordinary: Partial<Thing>): Partial<Thing>[] {
  return Object.entries(ordinary)
    .filter(([key, value]) => key in thing && !isSame(thing[key as keyof Thing], value))
    .map(([key, value]) => ({ [key]: value }) as Partial<Thing>);
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const withHappening = (plan: Plan, nth: number, changed: Partial<Happening>): Plan => ({
  ...plan,
  happenings: replaced(plan.happenings, nth, changed as Partial<Happening & object>),
});

const replaced = <Thing extends object>(
  things: readonly Thing[],
  nth: number,
  changed: Partial<Thing>,
): Thing[] => things.map((thing, at) => (at === nth ? { ...thing, ...changed } : thing));
