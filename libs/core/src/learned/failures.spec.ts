import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import type { Ready } from '../fleet/replica.js';
import { replicaFlags, serverFlags } from '../explain/view.js';
import { failuresOf, tallied } from './failures.js';

const A = aModel('a').id;
const T = aServer('t').id;

/** A warm copy, of which nothing was executed yet, with a config that says so much of batching. */
function aCopy(batching = ''): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a', { idleUnload: null })).serve(aServer('t'), ['a']);
  driver.warm('a', 't');
  const config = { json: `{${batching}}`, kind: 'gpu', gpus: [0], count: 2 } as const;
  driver.tell({ kind: 'ConfigLearned', server: T, model: A, config, steps: [] });
  counts(driver, 0, 0);
  return driver;
}

/** What its counts have come to, and are read by a look. */
function counts(driver: CoreDriver, succeeded: number, failed: number): void {
  driver.shelf('t').served.set(A, { succeeded, failed, lastInference: succeeded });
  driver.pass(2_500);
}

const replicaIn = ({ fleet }: CoreDriver): Ready => fleet.replicas.get(replicaId(A, T)) as Ready;
const failuresIn = (driver: CoreDriver) => failuresOf(driver.fleet, replicaIn(driver), new Now(driver.now));
const flagsIn = ({ fleet, now }: CoreDriver): string[] =>
  serverFlags(fleet, fleet.servers.get(T)!, new Now(now));

describe('a copy of which one process of two is dead', () => {
  it('has its server flagged once ten, and a quarter, of the executions of 30 s have failed', () => {
    const driver = aCopy();
    counts(driver, 9, 9);
    expect(flagsIn(driver)).toEqual([]);
    counts(driver, 10, 10);
    expect(flagsIn(driver)).toEqual(['failing_model']);
    expect(failuresIn(driver)).toEqual({ failed: 10, of: 20, mayBeGivenUp: false });
  });

  it('has it flagged for no less than a quarter', () => {
    const driver = aCopy();
    counts(driver, 31, 10);
    expect(flagsIn(driver)).toEqual([]);
    counts(driver, 31, 11);
    expect(flagsIn(driver)).toEqual(['failing_model']);
  });

  it('has it flagged no longer where it did well for 30 s, though nothing was executed', () => {
    const driver = aCopy();
    counts(driver, 10, 10);
    driver.pass(26_000);
    expect(flagsIn(driver)).toEqual(['failing_model']);
    driver.pass(4_000);
    expect([flagsIn(driver), failuresIn(driver)]).toEqual([[], null]);
  });

  it('is nothing that onFailing acts on: it is not failing itself, and routes to it go on', () => {
    const driver = aCopy();
    counts(driver, 10, 10);
    expect(replicaFlags(driver.fleet, replicaIn(driver), new Now(driver.now))).toEqual([]);
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('is forgotten with the copy: counts that fall are those of another one', () => {
    const driver = aCopy();
    counts(driver, 10, 10);
    counts(driver, 1, 1);
    expect([flagsIn(driver), failuresIn(driver)]).toEqual([[], null]);
  });
});

describe('failures that callers may have brought about, since they gave up', () => {
  it.each([
    ['in the queue of a batcher', '"dynamic_batching":{}', true],
    ['in the queue of a sequence', '"sequence_batching":{"direct":{}}', true],
    ['nowhere', '"dynamic_batching":null', false],
  ])('%s', (_, batching, mayBeGivenUp) => {
    const driver = aCopy(batching);
    counts(driver, 0, 1);
    expect(failuresIn(driver)).toEqual({ failed: 1, of: 1, mayBeGivenUp });
  });

  it('cannot be told apart before the config of a model, or of a step of it, is read', () => {
    const driver = aCopy();
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [aModel('s').id] });
    counts(driver, 0, 1);
    expect(failuresIn(driver)?.mayBeGivenUp).toBe(true);
  });
});

it('is kept in ten sums at most', () => {
  let recent = tallied([], 1, 1, new Now(0));
  for (let now = 10; now < 120_000; now += 10) recent = tallied(recent, 1, 1, new Now(now));
  expect(recent.length).toBeLessThanOrEqual(10);
  expect(recent.reduce((sum, { of }) => sum + of, 0)).toBeGreaterThan(2_690);
});
