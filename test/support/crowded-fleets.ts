import fc from 'fast-check';
import type { Class, ModelId, ReplicaId, ServerId } from '#core';
import { aModel, aServer, CoreDriver } from './core-driver.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
const DEVICES = [0, 1] as const;

/** The model that asks for room in a crowded fleet. */
export const NEWCOMER = 'x' as ModelId;

const model = fc.record({
  gpuBytes: fc.integer({ min: 1, max: 5 }),
  hostBytes: fc.nat({ max: 2 }),
  class: fc.constantFrom<Class>('sheddable', 'default', 'default', 'critical'),
  minCopies: fc.constantFrom(0, 0, 0, 1),
  pinnedCopies: fc.constantFrom(0, 0, 0, 0, 1),
  needs: fc.option(fc.constantFrom(...NAMES), { freq: 6 }),
});
type Modelled = typeof model extends fc.Arbitrary<infer T> ? T : never;

/** Which models are on a server, each on one of its devices, and in which order they were used; more devices, less. */
const site = fc.record({
  host: fc.constantFrom('one', 'two'),
  on: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...DEVICES), fc.nat({ max: 2 })), {
    selector: ([name]) => name,
    minLength: 1,
  }),
  slack: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })),
});
type Sited = typeof site extends fc.Arbitrary<infer T> ? T : never;

export const crowded = fc.record({
  models: fc.array(model, { minLength: NAMES.length, maxLength: NAMES.length }),
  newcomer: fc.record({ gpuBytes: fc.integer({ min: 1, max: 9 }), hostBytes: fc.nat({ max: 4 }) }),
  sites: fc.array(site, { minLength: 1, maxLength: 4 }),
  spareOnHosts: fc.option(fc.nat({ max: 2 }), { freq: 3 }),
});
export type Crowded = typeof crowded extends fc.Arbitrary<infer T> ? T : never;

/** A fleet at rest that has hardly any room left, and no copy in use at the moment. */
export function crowdedFleet({ models, newcomer, sites, spareOnHosts }: Crowded): CoreDriver {
  const driver = new CoreDriver();
  const modelled = new Map(NAMES.map((name, at) => [name as string, models[at]!]));
  for (const [name, { needs, ...parts }] of modelled) {
    const dependsOn = needs !== null && needs > name ? [needs as ModelId] : [];
    driver.declare(aModel(name, { ...parts, dependsOn, config: '{}' }));
  }
  driver.declare(aModel(NEWCOMER, { ...newcomer, config: '{}' }));
  for (const [at, one] of sites.entries()) {
    const hostMemory = spareOnHosts === null ? null : spareOnHosts + heldOn(one.host, sites, modelled);
    const gpus = DEVICES.map((device) => one.slack[device] + bytesOn(one, device, modelled));
    const parts = { host: one.host, hostMemory, strangers: 'adopt' as const };
    const server = aServer(`s${at}`, gpus, parts);
    driver.serve(server, [...NAMES, NEWCOMER]);
    furnish(driver, server.id, one);
  }
  driver.pass(60_000);
  use(driver, sites);
  driver.pass(60_000);
  return driver;
}

/** Puts on the shelf of a server what is to be found there. */
function furnish(driver: CoreDriver, server: ServerId, { on }: Sited): void {
  for (const [name, device] of on) {
    const config = { json: '{}', kind: 'gpu', gpus: [device], count: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server, model: name as ModelId, config, steps: [] });
    driver.shelf(server).set(name, 'READY');
  }
}

/** What is used later is worth more. */
function use(driver: CoreDriver, sites: readonly Sited[]): void {
  for (const moment of [1, 2]) {
    const at = driver.now;
    const used = sites.flatMap(({ on }, nth) =>
      on.flatMap(([name, , last]) => (last === moment ? [`${name}@s${nth}` as ReplicaId] : [])),
    );
    driver.tell({
      kind: 'RoutesUsed',
      uses: used.map((replica) => ({ replica, at, inUseUntil: at + 1, routes: 1 })),
    });
    driver.pass(1_000);
  }
}

const bytesOn = ({ on }: Sited, device: number, models: ReadonlyMap<string, Modelled>): number =>
  on.reduce((sum, [name, place]) => sum + (place === device ? models.get(name)!.gpuBytes : 0), 0);

const heldOn = (host: string, sites: readonly Sited[], models: ReadonlyMap<string, Modelled>): number =>
  sites
    .filter((one) => one.host === host)
    .flatMap(({ on }) => on)
    .reduce((sum, [name]) => sum + models.get(name)!.hostBytes, 0);
