import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import type { LearnedConfig, Server } from '../fleet/server.js';
import { canChoose, carrier, configFor, deviceChoices, devicesOfStep, placesOn } from './places.js';

const A = aModel('a').id;
const Q = aModel('q').id;
const T = aServer('t').id;
const WITH_CONFIG = { config: '{"declared":1}' };

const serverIn = (driver: CoreDriver): Server => driver.fleet.servers.get(T)!;

const on = (gpus: readonly number[], ...models: Model[]): CoreDriver =>
  new CoreDriver().declare(...models).serve(
    aServer('t', gpus),
    models.map(({ id }) => id),
  );

function learn(driver: CoreDriver, kind: LearnedConfig['kind'], model = A): CoreDriver {
  const config = { json: '{"learned":1}', kind, gpus: [], count: 1 };
  driver.tell({ kind: 'ConfigLearned', server: T, model, config, steps: [] });
  return driver;
}

const TWO = [10, 10];
const PLAIN = aModel('a');
const DECLARED = aModel('a', WITH_CONFIG);
/** A server without a GPU: its memory is that of its host. */
const onProcessor = (model: Model): CoreDriver =>
  new CoreDriver().declare(model).serve(aServer('t', [], { devices: null }), ['a']);

describe('a model may be loaded', () => {
  it.each([
    { where: 'onto the only device', driver: () => on([10], DECLARED), model: DECLARED, choices: [[0]] },
    { where: 'onto all devices', driver: () => on(TWO, PLAIN), model: PLAIN, choices: [[0, 1]] },
    {
      where: 'onto each, by its config',
      driver: () => on(TWO, DECLARED),
      model: DECLARED,
      choices: [[0], [1]],
    },
    {
      where: 'onto each, by a config that was learned',
      driver: () => learn(on(TWO, PLAIN), 'gpu'),
      model: PLAIN,
      choices: [[0], [1]],
    },
    {
      where: 'onto all where its config lets it choose itself',
      driver: () => learn(on(TWO, PLAIN), 'model'),
      model: PLAIN,
      choices: [[0, 1]],
    },
    {
      where: 'onto none where its config says KIND_CPU',
      driver: () => learn(on(TWO, PLAIN), 'cpu'),
      model: PLAIN,
      choices: [[]],
    },
    {
      where: 'onto each by its config, whatever was learned',
      driver: () => learn(on(TWO, DECLARED), 'cpu'),
      model: DECLARED,
      choices: [[0], [1]],
    },
  ])('$where', ({ driver, model, choices }) => {
    expect(deviceChoices(serverIn(driver()), model)).toEqual(choices);
  });

  it('without a config onto a processor, also by a declared one', () => {
    const server = serverIn(onProcessor(DECLARED));
    expect(deviceChoices(server, DECLARED)).toEqual([[0]]);
    expect(canChoose(server, DECLARED)).toBe(false);
    expect(configFor(server, DECLARED, [0])).toBeNull();
  });

  it('with the config that was declared, also where there is no choice', () => {
    expect(configFor(serverIn(on([10], DECLARED)), DECLARED, [0])).toEqual({
      base: DECLARED.config,
      gpus: [0],
    });
  });

  it('with the config that was learned only where there is a choice', () => {
    const base = '{"learned":1}';
    expect(configFor(serverIn(learn(on(TWO, PLAIN), 'gpu')), PLAIN, [1])).toEqual({ base, gpus: [1] });
    expect(configFor(serverIn(learn(on([10], PLAIN), 'gpu')), PLAIN, [0])).toBeNull();
    expect(configFor(serverIn(learn(on(TWO, PLAIN), 'model')), PLAIN, [0, 1])).toBeNull();
  });
});

describe('a server has no place for a model', () => {
  const needy = aModel('a', { dependsOn: [Q] });
  const places = (driver: CoreDriver, model: Model) => placesOn(driver.fleet, serverIn(driver), model);

  it('that it holds already, in whatever phase', () => {
    const driver = on([10], PLAIN);
    expect(places(driver, PLAIN)).toHaveLength(1);
    driver.resolve('a');
    expect(places(driver, PLAIN)).toEqual([]);
  });

  it('that asks for a label which it does not carry', () => {
    const driver = new CoreDriver().serve(aServer('t', [10], { labels: { gpu: 'big' } }), ['a']);
    expect(places(driver, aModel('a', { require: { gpu: 'big' } }))).toHaveLength(1);
    expect(places(driver, aModel('a', { require: { gpu: 'small' } }))).toEqual([]);
  });

  it('that its repository does not list', () => {
    expect(places(on([10], PLAIN), aModel('b'))).toEqual([]);
  });

  it.each(['UNLOADING', 'UNAVAILABLE'] as const)('that needs what was last seen %s there', (state) => {
    const driver = on([10], needy, aModel('q')).warm('q', 't');
    expect(places(driver, needy)).toMatchObject([{ coLoaded: [] }]);
    driver.shelf('t').set('q', state);
    driver.pass(2_500);
    expect([driver.phase('q', 't'), places(driver, needy)]).toEqual(['unknown', []]);
  });

  it('that needs what is draining there', () => {
    const driver = on([10], needy, aModel('q')).warm('q', 't');
    driver.tell({ kind: 'UnloadOrdered', model: Q, force: false });
    expect([driver.phase('q', 't'), places(driver, needy)]).toEqual(['draining', []]);
  });

  it('that needs what is being unloaded there', () => {
    const driver = on([10], needy, aModel('q')).warm('q', 't');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: Q, force: true });
    expect([driver.phase('q', 't'), places(driver, needy)]).toEqual(['unloading', []]);
  });

  it('except where what it needs is on its way in', () => {
    const driver = on([10], needy, aModel('q'));
    driver.shelf('t').set('q', 'LOADING');
    driver.pass(11_000);
    expect([driver.phase('q', 't'), places(driver, needy).length]).toEqual(['unknown', 1]);
  });
});

describe('a step goes', () => {
  const devices = (driver: CoreDriver, wholes: readonly number[]) =>
    devicesOfStep(driver.fleet, serverIn(driver), A, wholes);

  it('to one device of the ensemble where Berth may choose, else to all', () => {
    expect(devices(on(TWO, DECLARED), [1])).toEqual([1]);
    expect(devices(on(TWO, DECLARED), [1, 0])).toEqual([1]);
    expect(devices(on(TWO, PLAIN), [1])).toEqual([0, 1]);
  });

  it('to all where the ensemble itself is on none', () => {
    expect(devices(on(TWO, DECLARED), [])).toEqual([0, 1]);
  });

  it('to no device where its config says KIND_CPU, unless another was declared', () => {
    expect(devices(learn(on(TWO, PLAIN), 'cpu'), [0])).toEqual([]);
    expect(devices(learn(on(TWO, DECLARED), 'cpu'), [0])).toEqual([0]);
  });

  it('to the only device, and where the model is unknown to all', () => {
    expect(devices(on([10], DECLARED), [])).toEqual([0]);
    expect(devices(on(TWO, aModel('b')), [0])).toEqual([0, 1]);
  });
});

describe('a step is brought by the load of its ensemble', () => {
  const E = aModel('e').id;
  const carrierOf = (driver: CoreDriver) => carrier(driver.fleet, serverIn(driver), E, A);

  it('where it is one of its steps and goes where its own config says', () => {
    const driver = on(TWO, PLAIN, aModel('e'));
    expect(carrierOf(driver)).toBeNull();
    driver.tell({ kind: 'StepsRemembered', model: E, steps: [A] });
    expect(carrierOf(driver)).toBe(replicaId(E, T));
  });

  it('not where Berth chooses its device', () => {
    const driver = on(TWO, DECLARED, aModel('e'));
    driver.tell({ kind: 'StepsRemembered', model: E, steps: [A] });
    expect(carrierOf(driver)).toBeNull();
  });
});
