import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';

const SERVER = aServer('t').id;
const S = aModel('s').id;
const SOON = { idleUnload: 20_000 };

const aDriver = ({ a = 2, s = 2, c = 2 } = {}): CoreDriver =>
  new CoreDriver()
    .declare(...Object.entries({ a, s, c }).map(([id, gpuBytes]) => aModel(id, { gpuBytes, ...SOON })))
    .serve(aServer('t'), ['a', 's', 'c']);

function learn(driver: CoreDriver, model: string, steps: readonly string[] = []): void {
  driver.tell({
    kind: 'ConfigLearned',
    server: SERVER,
    model: aModel(model).id,
    config: { json: '{}', kind: 'gpu', gpus: [0], count: 1 },
    steps: steps.map((step) => aModel(step).id),
  });
}

describe('what is found while a load of ours runs', () => {
  it('is a stranger after all where the config of our model names no such step', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.pass(1_000);
    driver.loadEnds('a', 't');
    learn(driver, 'a');
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('is ours where the config names it, also where the load was quicker than a look', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.now += 100;
    driver.loadEnds('a', 't');
    expect(driver.phase('s', 't')).toBe('ready');
    learn(driver, 'a', ['s']);
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'unload s@t']);
  });

  it('is a stranger at once where our load had ended before the look that did not show it yet', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(10_000);
    driver.shelf('t').set('s', 'READY');
    driver.pass(10_000);
    expect(driver.fleet.replicas.get(replicaId(S, SERVER))?.stranger).toBe(true);
  });

  it('stays ours where the load failed: its healthy steps stay loaded', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 5_000 });
    driver.shelf('t').set('s', 'READY');
    driver.pass(1_000);
    driver.loadEnds('a', 't', 'missing');
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload s@t']);
  });

  it('is ours where the outcome of the load is unknown, and it runs still', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.now += 100;
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('s', 'READY');
    driver.pass(10_000);
    driver.shelf('t').set('a', 'READY');
    driver.pass(1_000);
    learn(driver, 'a', ['s']);
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t', 'unload s@t']);
  });

  it('is ours where the load had failed before the look that shows it first', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 5_000 });
    driver.now += 100;
    driver.loadEnds('a', 't', 'missing');
    driver.shelf('t').set('s', 'READY');
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload s@t']);
  });

  it('is a stranger where that load is stuck', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', 't', 'unknown');
    driver.pass(500_000);
    driver.shelf('t').set('s', 'READY');
    driver.pass(10_000);
    expect(driver.fleet.replicas.get(replicaId(S, SERVER))?.stranger).toBe(true);
  });

  it('may be a step of our model until its config tells: it does not leave before, whatever else is said of it', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.pass(1_000);
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'ModelDeclared', model: aModel('s', { enabled: false }) });
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t']);
    learn(driver, 'a', ['s']);
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('leaves for our model where that is only to be tried again', () => {
    const driver = aDriver({ a: 9 });
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.pass(1_000);
    driver.loadEnds('a', 't', 'capacity');
    driver.pass(30_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload s@t', 'load a@t']);
  });

  it('goes first where it makes room for another model when ours is tried again', () => {
    const driver = aDriver({ s: 6, c: 8 });
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.pass(20_000);
    driver.loadEnds('a', 't', 'transient');
    driver.now += 1_000;
    driver.resolve('c');
    driver.pass(1_000);
    driver.loadEnds('c', 't');
    learn(driver, 'c');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload s@t', 'load c@t', 'load a@t']);
  });

  it('makes no room for others before the config tells', () => {
    const driver = aDriver({ c: 8 });
    driver.resolve('a');
    driver.shelf('t').set('s', 'READY');
    driver.pass(12_000);
    expect(driver.answerTo(driver.resolve('c', { wait: 5_000 }))).not.toBe('t');
    driver.pass(5_000);
    expect([driver.orders(), driver.phase('s', 't')]).toEqual([['load a@t'], 'ready']);
  });

  it('is a stranger where it was there before, though a model of ours needs it', () => {
    const driver = aDriver();
    driver.shelf('t').set('s', 'READY');
    driver.pass(10_000);
    learn(driver, 's');
    driver.warm('a', 't');
    learn(driver, 'a', ['s']);
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});

describe('a model that we have had and unloaded', () => {
  it('is a stranger when another client loads it later', () => {
    const driver = aDriver().warm('a', 't');
    driver.pass(40_000);
    driver.shelf('t').set('a', 'READY');
    driver.pass(100_000);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});

describe('an undeclared model where only declared ones exist', () => {
  it('is retired by the idle rule, not at once, where strangers are adopted', () => {
    const driver = new CoreDriver().serve(aServer('t', [10], { discover: false, strangers: 'adopt' }), ['s']);
    driver.shelf('t').set('s', 'READY');
    driver.pass(200_000);
    expect(driver.phase('s', 't')).toBe('ready');
    driver.pass(120_000);
    expect(driver.orders()).toEqual(['unload s@t']);
  });
});
