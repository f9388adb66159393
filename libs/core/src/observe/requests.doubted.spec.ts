import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const SHED = { policy: 'shed', maxQueue: 10, maxWait: 60_000, loadWhenShed: false } as const;

/** Ready on `t`, a look at which is under way and does not end before the test says so. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { idleUnload: 10_000 }), aModel('b', { gpuBytes: 8 }))
    .serve(aServer('t'), ['a', 'b'])
    .warm('a', 't')
    .declare(aModel('a', { idleUnload: 10_000, coldStart: SHED }));
  driver.pass(9_000);
  serverOf(driver).looking = 'full';
  return driver;
}

const serverOf = (driver: CoreDriver) => driver.fleet.servers.get(aServer('t').id)!;

describe('a copy on which the caller of a waiting request has failed', () => {
  it('is not retired before that doubt is settled', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { avoid: ['t'] });
    driver.pass(2_000);
    expect([driver.answerTo(request), driver.phase('a', 't')]).toEqual(['waiting', 'ready']);
    serverOf(driver).looking = null;
    driver.pass(10_000);
    expect(driver.answerTo(request)).toBe('t');
  });

  it('is not evicted before that either', () => {
    const driver = aDriver();
    driver.resolve('a', { avoid: ['t'] });
    driver.resolve('b', { wait: 120_000 });
    driver.fleet.servers.get(aServer('t').id)!.statisticsAt = driver.now + 40_000;
    driver.pass(40_000);
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('lets them go at once when its server lets go of it', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { avoid: ['t'] });
    driver.tell({ kind: 'DrainOrdered', server: aServer('t').id, deadline: driver.now });
    expect(driver.answerTo(request)).toBe('no_capacity');
  });
});

describe('a server that is doubted right after a look', () => {
  it('is looked at a second after that look, so that no request waits for the next regular one', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
    driver.pass(3_000);
    const doubt = { kind: 'ServersDoubted', servers: [aServer('t').id] } as const;
    driver.tell(doubt);
    driver.pass(100);
    driver.tell(doubt);
    const request = driver.resolve('a', { avoid: ['t'] });
    driver.pass(899);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(1);
    expect(driver.answerTo(request)).toBe('t');
  });
});
