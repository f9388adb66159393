import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';

const Q = aModel('q', { gpuBytes: 1, idleUnload: 10_000 });

describe('in one turn', () => {
  it('a place goes whose memory will not come, and what stayed for that place alone', () => {
    const driver = new CoreDriver()
      .declare(aModel('v', { gpuBytes: 8 }), Q, aModel('p', { gpuBytes: 8, dependsOn: [Q.id] }))
      .serve(aServer('t', [10]), ['v', 'q', 'p']);
    driver.fleet.limits = { ...driver.fleet.limits, stuckAfter: 40_000 };
    driver.warm('v', 't');
    driver.pass(31_000);
    driver.warm('q', 't');
    driver.unloadsEnd = false;
    driver.resolve('p', { wait: 600_000 });
    driver.pass(6_000);
    expect(['v', 'q', 'p'].map((model) => driver.phase(model, 't'))).toEqual([
      'unloading',
      'ready',
      'placed',
    ]);
    driver.pass(41_000);
    expect(['q', 'p'].map((model) => driver.phase(model, 't'))).toEqual(['unloading', undefined]);
  });

  describe('a copy goes, and another one stays that drains already', () => {
    /** A pinned model is ready on `t`, and its copy on `s`, which is being drained, began to leave for that. */
    function moving(): CoreDriver {
      const driver = new CoreDriver()
        .declare(aModel('a', { pinnedCopies: 1 }))
        .serve(aServer('s', [10]), ['a'])
        .serve(aServer('t', [10]), []);
      driver.loadEnds('a', 's');
      driver.resolve('a', { lease: 600_000 });
      driver.shelf('t').set('a', '');
      driver.tell({ kind: 'DrainOrdered', server: aServer('s').id, deadline: null });
      driver.pass(12_000);
      driver.loadEnds('a', 't');
      expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['draining', 'ready']);
      return driver;
    }

    const reload = (driver: CoreDriver): unknown =>
      driver.tell({ kind: 'ReloadOrdered', model: aModel('a').id, until: driver.now + 60_000 });

    it('until that one has been loaded anew', () => {
      const driver = moving();
      reload(driver);
      expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['ready', 'unloading']);
      driver.pass(1_000);
      driver.loadEnds('a', 't');
      expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['draining', 'ready']);
    });

    it('for a request for any copy but the one that goes, too', () => {
      const driver = moving();
      driver.pass(10);
      const asked = driver.resolve('a', { avoid: ['t'] });
      expect(driver.answerTo(asked)).toBe('waiting');
      reload(driver);
      expect(driver.answerTo(asked)).toBe('s');
    });
  });
});
