import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { wantsOf } from '../demand/wants.js';
import { AT_REST } from '../learned/utilisation.js';
import { type Job, Jobs } from './job.js';
import { byPrecedence } from './precedence.js';

const A = aModel('a').id;
const U = aServer('u').id;

/** A server lists all these and is slow to answer: nothing can be placed there for the time being. */
function slow(...names: string[]): CoreDriver {
  const driver = new CoreDriver()
    .declare(...names.map((name) => aModel(name)))
    .serve(aServer('t', [100]), names);
  driver.tell({ kind: 'LookFailed', server: aServer('t').id, why: 'timed_out' });
  return driver;
}

/** What is wanted, as it would stand in line. */
function inOrder({ fleet, now }: CoreDriver): string[] {
  const wants = wantsOf(fleet, new Now(now));
  const jobs = new Jobs(fleet, wants, new Now(now));
  const standing = wants.map((want) => jobs.of(want)).toReversed();
  return standing.toSorted(byPrecedence).map(({ model, want }) => `${model} ${want!.copies}`);
}

describe('a job in the line', () => {
  it('is first of a pin, then of a drain, an admin, the requests in their order, and last of best-effort demand', () => {
    const driver = slow('wished', 'ordered', 'later', 'sooner', 'pinned', 'drained');
    driver.serve(aServer('u', [10]), ['drained']).warm('drained', 'u');
    const bestEffort = { until: driver.now + 60_000, admin: false, since: driver.now };
    driver.fleet.bestEffort.set(aModel('wished').id, bestEffort);
    driver.resolve('sooner');
    driver.pass(1_000);
    driver.tell({ kind: 'LoadOrdered', model: aModel('ordered').id, until: driver.now + 60_000 });
    driver.resolve('later');
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    driver.declare(aModel('pinned', { pinnedCopies: 1 }));
    const expected = ['pinned 1', 'drained 1', 'ordered 1', 'sooner 1', 'later 1', 'wished 1'];
    expect(inOrder(driver)).toEqual(expected);
  });

  it('is before all that is waited for where a drain is to be rid of it, the higher class first', () => {
    const driver = slow('waited', 'low', 'high');
    const critical = aModel('high', { class: 'critical' });
    driver.declare(critical).serve(aServer('u', [10]), ['low', 'high']);
    driver.warm('low', 'u').warm('high', 'u');
    driver.resolve('waited', { class: 'critical' });
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    expect(inOrder(driver)).toEqual(['high 1', 'low 1', 'waited 1']);
  });

  it('begins first of what a drain is to be rid of where it has most demand for each second of its load', () => {
    const names = ['seldom', 'long', 'often', 'never', 'low'];
    const driver = slow(...names);
    const stays = { idleUnload: null };
    driver.declare(...names.map((name) => aModel(name, stays)));
    driver.declare(aModel('low', { ...stays, class: 'sheddable' })).serve(aServer('u', [30]), names);
    for (const name of names) driver.warm(name, 'u').loadsTake(name, name === 'long' ? 60_000 : 2_000);
    driver.pass(20 * 60_000);
    for (const [name, count] of [
      ['low', 9],
      ['long', 9],
      ['seldom', 1],
      ['often', 5],
    ] as const)
      for (let nth = 0; nth < count; nth += 1) driver.resolve(name);
    driver.fleet.requestRates.delete(aModel('never').id);
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    const loads = (): string[] => driver.orders().filter((order) => /^load .*@t$/.test(order));
    for (const name of ['often', 'seldom', 'long', 'never', 'low']) {
      expect(loads().at(-1)).toBe(`load ${name}@t`);
      driver.loadEnds(name, 't');
      driver.pass(3_000);
    }
    expect(loads()).toHaveLength(names.length);
  });

  it('is before what is waited for only for the first copy that a drain takes', () => {
    const driver = slow('waited', 'a');
    driver.serve(aServer('u', [10]), ['a']).warm('a', 'u');
    driver.declare(aModel('a', { pinnedCopies: 1, minCopies: 2 }));
    driver.resolve('waited', { class: 'critical' });
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    expect(inOrder(driver)).toEqual(['a 1', 'waited 1', 'a 2']);
  });

  it('is behind all that is waited for where it is a copy by demand, the higher class first', () => {
    const driver = slow('waited', 'b', 'a');
    driver
      .serve(aServer('u', [8]), ['a', 'b'])
      .warm('a', 'u')
      .warm('b', 'u');
    driver.declare(aModel('a', { class: 'critical', maxCopies: 2 }), aModel('b', { maxCopies: 2 }));
    for (const model of [A, aModel('b').id]) driver.fleet.utilisations.set(model, { ...AT_REST, copies: 2 });
    driver.resolve('waited', { class: 'sheddable' });
    expect(inOrder(driver)).toEqual(['waited 1', 'a 2', 'b 2']);
  });
});

const NONE_WAIT = { count: 0, since: Infinity, neededBy: Infinity, tenants: [] };
const ONE_WAITS = { ...NONE_WAIT, count: 1 };

const aJob = (parts: Partial<Job>): Job => ({
  ...{
    model: A,
    want: null,
    placed: null,
    rank: 1,
    band: -1,
    demand: 0,
    warmUntil: -Infinity,
    isOrdered: false,
    isRetry: false,
    isOverShare: false,
  },
  ...{ neededBy: Infinity, waiting: NONE_WAIT, since: 0, isStarving: false, worth: 0 },
  ...{ starvesFrom: Infinity, starvesAt: Infinity },
  ...parts,
});

describe('of two jobs', () => {
  it.each<[string, Partial<Job>, Partial<Job>]>([
    ['the higher class', { band: -2, isOverShare: true, since: 9 }, { isOrdered: true, neededBy: 1 }],
    ['of what drains what is asked for most', { band: -4, demand: 2, since: 9 }, { band: -4, demand: 1 }],
    [
      'of what drains what is asked for at all',
      { band: -4, demand: -9, since: 9 },
      { band: -4, demand: -Infinity },
    ],
    [
      'of what drains and is not asked for what has been wanted longest',
      { band: -4, demand: -Infinity, since: 1 },
      { band: -4, demand: -Infinity, since: 9 },
    ],
    ['what the operator wants', { isOrdered: true, isOverShare: true, since: 9 }, { neededBy: 1 }],
    ['what the operator wants, though it has failed', { isOrdered: true, isRetry: true }, { neededBy: 1 }],
    ['what has not failed', { isOverShare: true, since: 9 }, { isRetry: true, neededBy: 1 }],
    ['what is promised', { neededBy: 9, isOverShare: true, since: 9 }, { waiting: ONE_WAITS }],
    ['the tenant under its part', { neededBy: 9, since: 9 }, { isOverShare: true, neededBy: 1 }],
    [
      'of what is not promised the tenant under its part',
      { since: 9 },
      { isOverShare: true, waiting: ONE_WAITS },
    ],
    ['the earlier promise', { neededBy: 1, since: 9 }, { neededBy: 2, waiting: ONE_WAITS }],
    ['what a request waits for', { waiting: ONE_WAITS, since: 9 }, { since: 1 }],
    ['what has been wanted longest', { since: 1 }, { since: 9 }],
  ])('goes first %s', (_, first, second) => {
    const [one, other] = [aJob(first), aJob(second)];
    expect([other, one].toSorted(byPrecedence)).toEqual([one, other]);
    expect([one, other].toSorted(byPrecedence)).toEqual([one, other]);
  });
});
