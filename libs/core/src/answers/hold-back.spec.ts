import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';

const A = 'a' as ModelId;
const coldStart = { policy: 'queue', maxQueue: 5_000, maxWait: 600_000, loadWhenShed: true } as const;

let driver: CoreDriver;

beforeEach(() => {
  driver = new CoreDriver()
    .declare(aModel('a', { coldStart, idleUnload: 20_000, maxCopies: 1 }), aModel('b', { coldStart }))
    .serve(aServer('t', [10]), ['a', 'b']);
});

/** Executions of the model take so long: seen on a copy that has left since. */
function executionsTake(each: Millis): void {
  driver.warm('a', 't');
  driver.shelf('t').served.set(A, { succeeded: 0, failed: 0, lastInference: 0, computed: 0 });
  driver.pass(2_000);
  driver.shelf('t').served.set(A, { succeeded: 4, failed: 0, lastInference: 1, computed: 4 * each });
  driver.pass(40_000);
  expect(driver.phase('a', 't')).toBeUndefined();
  driver.shelf('t').served.delete(A);
}

const ask = (count: number, parts: Parameters<CoreDriver['resolve']>[1] = {}): string[] =>
  Array.from({ length: count }, () => driver.resolve('a', { wait: 600_000, ...parts }));

function becomesReady(after: Millis = 100): void {
  driver.pass(after);
  driver.loadEnds('a', 't');
}

const routed = (requests: readonly string[]): number =>
  requests.filter((request) => ['t', 'u'].includes(driver.answerTo(request))).length;

/** How many have a route at once, and after each of so many spans. */
const pace = (requests: readonly string[], span: Millis, spans: number): number[] => [
  routed(requests),
  ...Array.from({ length: spans }, () => {
    driver.pass(span);
    return routed(requests);
  }),
];

function learn(count: number, batch: number): void {
  const config = { json: '{}', kind: 'gpu', gpus: [0], count, batch } as const;
  driver.tell({ kind: 'ConfigLearned', server: 't' as ServerId, model: A, config, steps: [] });
}

describe('requests that waited for a model while it was cold', () => {
  it('all get their routes at once as long as it is not known how fast it serves', () => {
    const requests = ask(50);
    becomesReady();
    expect(routed(requests)).toBe(50);
  });

  it('get them one by one where it executes one at a time', () => {
    executionsTake(200);
    const requests = ask(4);
    becomesReady();
    expect(pace(requests, 200, 4)).toEqual([1, 2, 3, 4, 4]);
  });

  it('get them by as many as its instances take in batches at once', () => {
    executionsTake(200);
    learn(2, 4);
    const requests = ask(20);
    becomesReady();
    expect(pace(requests, 200, 2)).toEqual([8, 16, 20]);
  });

  it('get them no more often than every 10 ms, and no more slowly for that', () => {
    executionsTake(3);
    const requests = ask(30);
    becomesReady();
    expect(pace(requests, 12, 2)).toEqual([4, 8, 12]);
  });

  it('get them faster by as many copies as there are', () => {
    executionsTake(200);
    driver.declare(aModel('a', { coldStart, pinnedCopies: 2 })).serve(aServer('u', [10]), ['a']);
    const requests = ask(10);
    driver.pass(100);
    driver.loadEnds('a', 't');
    driver.loadEnds('a', 'u');
    expect(pace(requests, 200, 2)).toEqual([1, 3, 5]);
  });

  it('are not held back by requests that come when it is ready', () => {
    executionsTake(200);
    const requests = ask(5);
    becomesReady();
    expect(routed(ask(30))).toBe(30);
    expect(routed(requests)).toBe(1);
  });

  it('hold none back that came in the moment in which it became ready', () => {
    executionsTake(200);
    const requests = ask(5);
    driver.pass(100);
    const late = ask(10);
    driver.loadEnds('a', 't');
    expect([routed(requests), routed(late)]).toEqual([1, 10]);
  });

  it('get nothing made up for by a turn that came late', () => {
    executionsTake(200);
    const requests = ask(10);
    becomesReady();
    driver.now += 500;
    driver.tell();
    expect(routed(requests)).toBe(2);
    expect(pace(requests, 100, 2)).toEqual([2, 2, 3]);
  });

  it('come by their deadlines, whenever they came', () => {
    executionsTake(200);
    const [late, soon, sooner] = [60_000, 30_000, 20_000].map((wait) => driver.resolve('a', { wait }));
    becomesReady();
    expect(driver.answerTo(sooner!)).toBe('t');
    driver.pass(200);
    expect([soon, late].map((one) => driver.answerTo(one!))).toEqual(['t', 'waiting']);
  });

  it('come by class and tenant before that', () => {
    executionsTake(200);
    const requests = [
      driver.resolve('a', { wait: 10_000, tenant: 'x' }),
      driver.resolve('a', { wait: 11_000, tenant: 'x' }),
      driver.resolve('a', { wait: 12_000, tenant: 'y' }),
      driver.resolve('a', { wait: 60_000, tenant: 'x', class: 'critical' }),
    ];
    becomesReady();
    const order = ['3', '0', '2', '1'];
    for (const nth of order) {
      expect(driver.answerTo(requests[Number(nth)]!)).toBe('t');
      driver.pass(200);
    }
  });

  it('come the newest first once the queue has stood for a second', () => {
    executionsTake(500);
    const requests = Array.from({ length: 6 }, (_, nth) => driver.resolve('a', { wait: 60_000 + nth }));
    becomesReady();
    driver.pass(1_000);
    expect(routed(requests.slice(0, 3))).toBe(3);
    driver.pass(500);
    expect(requests.map((one) => driver.answerTo(one)).slice(3)).toEqual(['waiting', 'waiting', 't']);
  });

  it('are turned away at once where the load ends so late that their turn comes too late, and told of one behind the others', () => {
    executionsTake(2_000);
    const requests = [3_000, 5_000, 4_900].map((wait) => driver.resolve('a', { wait }));
    expect(requests.map((one) => driver.answerTo(one))).toEqual(['waiting', 'waiting', 'waiting']);
    becomesReady(1_000);
    expect(requests.map((one) => driver.answerTo(one))).toEqual(['t', 'deadline_unreachable', 'waiting']);
    expect(driver.refusalOf(requests[1]!).retryAfter).toBe(4_000);
    driver.pass(2_000);
    expect(routed(requests)).toBe(2);
  });

  it('are answered by their deadlines, however slow the model is', () => {
    executionsTake(30_000);
    const requests = ask(9, { wait: 40_000 });
    becomesReady();
    driver.pass(40_000);
    expect(requests.filter((one) => driver.answerTo(one) === 'waiting')).toEqual([]);
    expect(routed(requests)).toBe(2);
  });

  it('are no more than have a turn within ten seconds, and the others are told when they would have had one', () => {
    executionsTake(1_000);
    const requests = ask(13);
    becomesReady();
    const away = requests.slice(11).map((one) => driver.refusalOf(one));
    expect(away).toEqual([12_000, 11_000].map((retryAfter) => ({ reason: 'queue_full', retryAfter })));
    driver.pass(10_000);
    expect(routed(requests)).toBe(11);
  });

  it('wait for it again where it is lost meanwhile', () => {
    executionsTake(200);
    const requests = ask(5);
    becomesReady();
    driver.tell({ kind: 'ContactChanged', server: 't' as ServerId, fact: 'ended' });
    driver.pass(1_000);
    expect(routed(requests)).toBe(1);
    driver.tell({ kind: 'ContactChanged', server: 't' as ServerId, fact: 'connected' });
    expect(pace(requests, 200, 1)).toEqual([2, 3]);
  });

  it('leave when they are cancelled, and no other waits for their turn', () => {
    executionsTake(200);
    const requests = ask(3);
    becomesReady();
    driver.tell({ kind: 'RequestCancelled', request: requests[1] as never });
    driver.pass(200);
    expect(driver.answerTo(requests[2]!)).toBe('t');
    driver.pass(200);
    expect(driver.fleet.backlogs.size).toBe(0);
  });

  it('keep no copy longer than they wait', () => {
    executionsTake(1_000);
    ask(5, { lease: 0 });
    becomesReady();
    driver.pass(40_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });
});
