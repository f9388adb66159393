import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import { foreignOn } from '../fleet/meter.js';
import { replicaFlags } from '../explain/view.js';
import type { LearnedConfig } from '../fleet/server.js';

const A = aModel('a').id;
const T = aServer('t').id;
/** Long enough for two looks at rest, wherever they begin. */
const REST = 25_000;

/** A server with two GPUs of which so much is in use. */
function aDriver(model = aModel('a', { idleUnload: null })): CoreDriver {
  const driver = new CoreDriver().declare(model).serve(aServer('t', [20, 20]), ['a']);
  show(driver, 1, 1);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, ...used: number[]): void {
  driver.shelf('t').gpus = used.map((bytes, at) => ({ uuid: `t-${at}`, memory: 20, used: bytes }));
}

function learn(driver: CoreDriver, gpus: readonly number[]): void {
  const config: LearnedConfig = { json: '{}', kind: 'gpu', gpus, count: 1 };
  driver.tell({ kind: 'ConfigLearned', server: T, model: A, config, steps: [] });
}

const foreign = (driver: CoreDriver) =>
  [0, 1].map((ordinal) => foreignOn(driver.fleet.servers.get(T)!, ordinal));
const copy = (driver: CoreDriver) => driver.fleet.replicas.get(replicaId(A, T))!;
const footprint = (driver: CoreDriver) => driver.fleet.footprints.get(A);

describe('a copy that is measured', () => {
  it('holds all its versions that serve', () => {
    const driver = aDriver();
    const row = { ordinal: 0, bytes: 3 };
    driver.shelf('t').memory.set(A, [row]);
    driver.shelf('t').versions.set(A, ['1', '2']);
    driver.resolve('a');
    driver.loadEnds('a', 't');
    driver.pass(REST);
    expect(footprint(driver)).toMatchObject({ peak: 6, times: 1 });
  });

  it('teaches nothing of a device on which its config says it is not', () => {
    const driver = aDriver();
    driver.resolve('a');
    show(driver, 4, 1);
    driver.loadEnds('a', 't');
    learn(driver, [0]);
    driver.pass(REST);
    expect(footprint(driver)).toMatchObject({ peak: 3, times: 1 });
  });

  it('teaches nothing of such a device, either, where it has left before the next clean sample', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', 't');
    learn(driver, [0]);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    show(driver, 1, 2);
    driver.pass(REST);
    expect([copy(driver), footprint(driver), foreign(driver)]).toEqual([undefined, undefined, [1, 2]]);
  });

  it('teaches nothing where it seems to take nothing', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', 't');
    driver.pass(REST);
    expect(footprint(driver)).toBeUndefined();
    expect(driver.fleet.servers.get(T)!.measured.get(A)).toEqual(
      new Map([
        [0, 0],
        [1, 0],
      ]),
    );
  });

  it('explains nothing on a device that it has left', () => {
    const driver = aDriver();
    driver.resolve('a');
    show(driver, 5, 5);
    driver.loadEnds('a', 't');
    driver.pass(REST);
    learn(driver, [1]);
    driver.pass(REST);
    expect(foreign(driver)).toEqual([5, 1]);
  });

  it('is not over its limit for what it held on a device that it has left', () => {
    const driver = aDriver(aModel('a', { gpuBytes: 4, idleUnload: null }));
    driver.resolve('a');
    show(driver, 6, 1);
    driver.loadEnds('a', 't');
    learn(driver, [0]);
    driver.pass(REST);
    expect(replicaFlags(driver.fleet, copy(driver), new Now(driver.now))).toContain('over_limit');
    learn(driver, [1]);
    show(driver, 1, 4);
    driver.pass(REST);
    expect(replicaFlags(driver.fleet, copy(driver), new Now(driver.now))).not.toContain('over_limit');
    expect(foreign(driver)).toEqual([1, 0]);
  });
});
