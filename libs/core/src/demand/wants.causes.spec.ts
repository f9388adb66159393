import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ServerId } from '../fleet/ids.js';
import type { Class, Model } from '../fleet/model.js';
import { LOAD_CAUSES, type LoadCause } from '../fleet/replica.js';

const A = aModel('a').id;

/** One model that three servers list, each with room for it. */
function aDriver(parts: Partial<Model> = {}): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a', { gpuBytes: 4, ...parts }));
  for (const server of ['s', 't', 'u']) driver.serve(aServer(server), ['a', 'b']);
  return driver;
}

const orderLoad = (driver: CoreDriver): void =>
  void driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 60_000 });

const drain = (driver: CoreDriver, server: string): void =>
  void driver.tell({ kind: 'DrainOrdered', server: server as ServerId, deadline: null });

/** A second after the other the statistics tell of failures alone. */
function fail(driver: CoreDriver): void {
  for (const failed of [1, 4]) {
    driver.shelf('s').served.set(A, { succeeded: 0, failed, lastInference: failed });
    driver.pass(2_000);
  }
}

function queueUp(driver: CoreDriver): void {
  for (const shelf of driver.shelves.values()) shelf.pending.set(A, 500);
  driver.pass(12_000);
}

/** What was loaded, and why. */
const causes = ({ log }: CoreDriver): string[] =>
  log.flatMap((action) => (action.kind === 'load' ? [`${action.model}: ${action.cause}`] : []));

/** Plays until a model is loaded for a cause. */
const PLAYS: Readonly<Record<LoadCause, () => CoreDriver>> = {
  asked() {
    const driver = aDriver();
    driver.resolve('a');
    return driver;
  },
  wished() {
    const driver = aDriver();
    driver.resolve('a', { wait: 0 });
    return driver;
  },
  pinned: () => aDriver({ pinnedCopies: 1 }),
  kept_warm: () => aDriver({ minCopies: 1 }),
  demand() {
    const driver = aDriver({ maxCopies: 2, idleUnload: null }).warm('a', 's');
    queueUp(driver);
    return driver;
  },
  order() {
    const driver = aDriver();
    orderLoad(driver);
    return driver;
  },
  reload() {
    const driver = aDriver().warm('a', 's');
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 120_000 });
    driver.pass(20_000);
    return driver;
  },
  drain() {
    const driver = aDriver().warm('a', 's');
    drain(driver, 's');
    return driver;
  },
  replaced() {
    const driver = aDriver({ onFailing: 'replace' }).warm('a', 's');
    fail(driver);
    return driver;
  },
  brought() {
    const driver = aDriver().declare(aModel('b', { dependsOn: [A] }));
    driver.resolve('b');
    return driver;
  },
};

describe('the cause of a load', () => {
  it.each(LOAD_CAUSES)('%s', (cause) => {
    expect(causes(PLAYS[cause]()).at(-1)).toBe(`a: ${cause}`);
  });

  it('of a copy that a server gets beside the one it has is told too', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { config: '{}', pinnedCopies: 1 }))
      .serve(aServer('s', [10, 10]), ['a']);
    driver.loadEnds('a', 's');
    driver.declare(aModel('a', { config: '{}', pinnedCopies: 2 })).pass(1_000);
    expect(causes(driver)).toEqual(['a: pinned', 'a: pinned']);
  });

  it('stays what it was when the place was given', () => {
    const driver = new CoreDriver().declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 6 }));
    driver.serve(aServer('s'), ['a', 'b']).warm('b', 's').pass(20_000);
    driver.unloadsEnd = false;
    driver.resolve('a', { wait: 0 });
    expect(driver.phase('a', 's')).toBe('placed');
    driver.resolve('a');
    driver.shelf('s').set('b', 'UNAVAILABLE', 'unloaded');
    driver.pass(5_000);
    expect(causes(driver)).toEqual(['b: asked', 'a: wished']);
  });
});

describe('of several causes', () => {
  it.each<{ cause: LoadCause; parts: Partial<Model>; also: string }>([
    { cause: 'pinned', also: 'a drain', parts: { pinnedCopies: 1 } },
    { cause: 'drain', also: 'what is kept warm', parts: { minCopies: 1 } },
  ])('$cause comes before $also', ({ cause, parts }) => {
    const driver = aDriver(parts);
    driver.loadEnds('a', 's');
    drain(driver, 's');
    expect(causes(driver).at(-1)).toBe(`a: ${cause}`);
  });

  it.each<{ cause: LoadCause; of: Class; min: number; also: string; ordered: boolean }>([
    { cause: 'kept_warm', of: 'default', min: 1, also: 'a request', ordered: true },
    { cause: 'order', of: 'default', min: 0, also: 'a request', ordered: true },
    { cause: 'asked', of: 'critical', min: 1, also: 'what is kept warm of a lower class', ordered: false },
  ])('$cause comes before $also', ({ cause, of, min, ordered }) => {
    const driver = aDriver();
    driver.tell({ kind: 'FreezeOrdered', reason: 'so that there are several', since: driver.now });
    driver.declare(aModel('a', { minCopies: min }));
    if (ordered) orderLoad(driver);
    driver.resolve('a', { class: of });
    driver.tell({ kind: 'FreezeEnded' });
    expect(causes(driver)).toEqual([`a: ${cause}`]);
  });
});
