import { aModel, aServer, CoreDriver } from './core-driver.js';
import type { Instant, Model, RequestId } from '#core';

export const NAMES = ['first', 'b', 'c', 'd'];

/** A server with one load slot and room for all models; no load was ever seen. */
export function unseen(...models: Model[]): CoreDriver {
  const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name)), ...models);
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  return driver.serve(aServer('t', [99]), NAMES);
}

/** The same, where each load is known to take 8 s. */
export function foreseen(...models: Model[]): CoreDriver {
  const driver = unseen(...models);
  for (const name of NAMES) driver.loadsTake(name, 8_000);
  return driver;
}

/** The same, whose load slot the load of `first` has for the next 8 s. */
export function busy(...models: Model[]): CoreDriver {
  const driver = foreseen(...models);
  driver.resolve('first', { tenant: 'flood' });
  return driver;
}

/** By when a request was promised its model, from now on; null where it waits without a promise. */
export function promised({ fleet, now }: CoreDriver, request: string): Instant | null | undefined {
  const by = fleet.promises.get(request as RequestId);
  return by == null ? by : by - now;
}

/** Ends each load within its 8 s; the models in the order in which their loads began. */
export function loadAll(driver: CoreDriver): string[] {
  const open = (): string[] => NAMES.filter((name) => driver.isLoading(name, 't'));
  for (let [name] = open(); name !== undefined; [name] = open()) {
    driver.pass(7_900);
    driver.loadEnds(name, 't');
  }
  return driver.orders().map((order) => order.replace(/^load (.*)@t$/, '$1'));
}
