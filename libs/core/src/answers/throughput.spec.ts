import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { LearnedConfig } from '../fleet/server.js';
import { throughputOf } from './throughput.js';

const [A, B, E] = ['a', 'b', 'e'] as [ModelId, ModelId, ModelId];

let driver: CoreDriver;

beforeEach(() => {
  driver = new CoreDriver().declare(aModel('a'), aModel('b'), aModel('e', { gpuBytes: 0 }));
});

const found = (models: readonly string[], gpus: readonly number[] = [20]): void => {
  driver.serve(aServer('t', gpus), []);
  for (const model of models) driver.shelf('t').set(model, 'READY');
  driver.fleet.servers.get('t' as ServerId)!.lookWanted = driver.now + 100;
  driver.pass(1_000);
};

const learn = (model: ModelId, parts: Partial<LearnedConfig>, steps: readonly ModelId[] = []): void => {
  const config = { json: '{}', kind: 'gpu', gpus: [0], count: 1, batch: 1, ...parts } as const;
  driver.tell({ kind: 'ConfigLearned', server: 't' as ServerId, model, config, steps });
};

const takes = (model: ModelId, each: number): void => {
  driver.fleet.serviceTimes.set(model, { served: 10, took: 10 * each });
};

describe('how fast a model is served', () => {
  it('is not known before it was used, nor where no copy gets routes', () => {
    expect(throughputOf(driver.fleet, A)).toBeNull();
    takes(A, 50);
    expect(throughputOf(driver.fleet, A)).toBeNull();
    found(['a']);
    expect(throughputOf(driver.fleet, A)).not.toBeNull();
  });

  it.each([
    ['one instance', { gpus: [0] }, { size: 1, span: 50 }],
    ['all its instances', { gpus: [0], count: 3 }, { size: 3, span: 50 }],
    ['both of its devices', { gpus: [0, 1] }, { size: 2, span: 50 }],
    ['full batches', { gpus: [0, 1], count: 2, batch: 8 }, { size: 32, span: 50 }],
    ['a processor', { kind: 'cpu', gpus: [], count: 4 }, { size: 4, span: 50 }],
  ] as const)('follows from %s', (_, config, expected) => {
    found(['a'], [20, 20]);
    takes(A, 50);
    learn(A, config);
    expect(throughputOf(driver.fleet, A)).toEqual(expected);
  });

  it.each([
    [4, { size: 3, span: 12 }],
    [0.5, { size: 20, span: 10 }],
    [9.9, { size: 2, span: 20 }],
    [10.2, { size: 1, span: 11 }],
  ])('of executions of %d ms is told in spans of at least 10 ms, whole ones', (each, expected) => {
    found(['a']);
    takes(A, each);
    expect(throughputOf(driver.fleet, A)).toEqual(expected);
  });

  it('is that of the slowest step of an ensemble', () => {
    found(['a', 'b', 'e']);
    learn(E, { kind: 'cpu', gpus: [] }, [A, B]);
    learn(A, { count: 4 });
    takes(E, 5_000);
    expect(throughputOf(driver.fleet, E)).toBeNull();
    takes(A, 100);
    takes(B, 20);
    expect(throughputOf(driver.fleet, E)).toEqual({ size: 4, span: 100 });
    takes(B, 30);
    expect(throughputOf(driver.fleet, E)).toEqual({ size: 1, span: 30 });
  });
});
