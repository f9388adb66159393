import { foreignOn, gpuAccount } from '#core';
import { aModel, aServer, CoreDriver } from './core-driver.js';

/** The server of `onOneGpu`. */
export const SERVER = aServer('t').id;
export const GPU = gpuAccount(SERVER, 0);
/** Long enough for a clean sample, wherever looks begin. */
export const REST = 25_000;

/** A server with one GPU of which so much is in use, and models that stay. */
export function onOneGpu(used: number, sizes: Readonly<Record<string, number>> = { a: 4, b: 4 }): CoreDriver {
  const models = Object.entries(sizes).map(([id, gpuBytes]) =>
    aModel(id, { gpuBytes, idleUnload: null, config: '{}' }),
  );
  const driver = new CoreDriver().declare(...models).serve(aServer('t'), Object.keys(sizes));
  show(driver, used);
  driver.pass(REST);
  return driver;
}

/** What its GPUs say from now on. */
export function show(driver: CoreDriver, ...used: number[]): void {
  driver.shelf('t').gpus = used.map((bytes, at) => ({ uuid: `t-${at}`, memory: 10, used: bytes }));
}

/** Loads a model alone, after which so much is in use. */
export function load(driver: CoreDriver, model: string, used: number): void {
  driver.resolve(model);
  show(driver, used);
  driver.loadEnds(model, 't');
  driver.pass(REST);
}

/** What others hold on the first GPU. */
export const foreign = (driver: CoreDriver) => foreignOn(driver.fleet.servers.get(SERVER)!, 0);
