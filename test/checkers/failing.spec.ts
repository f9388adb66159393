import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Action, memoryOf } from '#core';
import { aModel, aServer, CoreDriver } from '../support/core-driver.js';
import { failingIsReplacedOnce } from './failing.js';
import { History } from './history.js';

const A = aModel('a').id;
const U = aServer('u').id;

const LOAD: Action = {
  kind: 'load',
  order: 'o9' as never,
  replica: 'a@u' as never,
  model: A,
  server: U,
  config: null,
  timeout: 1,
  coLoaded: [],
  cause: 'asked',
};

describe('that a failing copy is replaced once', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver().declare(aModel('a', { onFailing: 'replace', pinnedCopies: 2 }));
    for (const server of ['s', 't', 'u']) driver.serve(aServer(server, [4]), ['a']);
    for (const server of ['s', 't']) driver.loadEnds('a', server);
  });

  const fails = (...servers: string[]): void => {
    for (const server of servers)
      driver.shelf(server).served.set(A, { succeeded: 0, failed: 3, lastInference: 1 });
    driver.pass(2_000);
    for (const server of servers)
      driver.shelf(server).served.set(A, { succeeded: 0, failed: 6, lastInference: 2 });
    driver.pass(2_000);
  };

  /** What is said of one more load by a checker that begins to look now. */
  const said = (): string[] => {
    const { fleet, now } = driver;
    const found: string[] = [];
    failingIsReplacedOnce(fleet)({
      turn: { now, events: [], actions: [LOAD] },
      fleet,
      before: new Map(fleet.replicas),
      changes: [],
      memory: memoryOf(fleet),
      wantedBefore: new Map(),
      history: new History(fleet),
      trail: { expect: (isKept, promise) => void (isKept || found.push(promise())), mark: () => {} },
    });
    return found;
  };

  it('is no complaint where one fails', () => {
    fails('s');
    expect(said()).toEqual([]);
  });

  it('is a complaint where two fail', () => {
    fails('s', 't');
    expect(said()).toEqual(['load a@u beside a@s, a@t, after 2 copies of it were found to fail']);
  });
});
