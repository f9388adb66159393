import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Action } from '../fleet/actions.js';
import type { Outcome } from '../fleet/events.js';
import { replicaId } from '../fleet/ids.js';
import type { Loading } from '../fleet/replica.js';

const A = aModel('a').id;
const S = aModel('s').id;
const T = aServer('t').id;
const ID = replicaId(A, T);

/** What will be the step of `a` serves, and has been described. */
function aStepServes(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a'), aModel('s')).serve(aServer('t'), ['a', 's']);
  driver.warm('s', 't').fleet.servers.get(T)!.described.set(S, 'told');
  return driver;
}

const described = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) => (action.kind === 'describe' ? [action.model] : []));

describe('the config of a step that serves', () => {
  it.each<Outcome>([
    { kind: 'succeeded', versions: ['1'] },
    { kind: 'failed', cause: 'capacity' },
    { kind: 'unknown' },
  ])('is read anew when a load of its ensemble ends, which may have read its files: $kind', (outcome) => {
    const driver = aStepServes();
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [S] });
    driver.resolve('a');
    const { order } = driver.fleet.replicas.get(ID) as Loading;
    expect(described(driver.tell({ kind: 'LoadEnded', order, replica: ID, outcome }))).toContain(S);
  });

  it('is read anew, once, when the ensemble turns out to be one', () => {
    const driver = aStepServes().warm('a', 't');
    const config = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;
    const learned = { kind: 'ConfigLearned', server: T, config } as const;
    expect(described(driver.tell({ ...learned, model: A, steps: [S] }))).toEqual([S]);
    expect(described(driver.tell({ ...learned, model: S, steps: [] }))).toEqual([]);
  });

  it('is asked for again after a look where no answer came, though an older config is known', () => {
    const driver = aStepServes().warm('a', 't');
    const config = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;
    const learned = { kind: 'ConfigLearned', server: T, config, steps: [] } as const;
    for (const model of [A, S]) driver.tell({ ...learned, model });
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [S] });
    expect(described(driver.tell({ ...learned, model: A, steps: [S] }))).toEqual([S]);
    expect(described(driver.pass(20_000))).toContain(S);
    driver.tell({ ...learned, model: S });
    expect(described(driver.pass(20_000))).toEqual([]);
  });

  it('is left alone when what ends is the load of another model', () => {
    const driver = aStepServes();
    driver.resolve('a');
    const { order } = driver.fleet.replicas.get(ID) as Loading;
    const outcome = { kind: 'succeeded', versions: ['1'] } as const;
    expect(described(driver.tell({ kind: 'LoadEnded', order, replica: ID, outcome }))).toEqual([A]);
  });
});
