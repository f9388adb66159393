import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('two jobs of one turn', () => {
  it('do not each make a copy leave of which one is pinned', () => {
    const driver = new CoreDriver().declare(
      aModel('pinned', { gpuBytes: 6, pinnedCopies: 1, idleUnload: null }),
      aModel('a', { gpuBytes: 6 }),
      aModel('b', { gpuBytes: 6 }),
    );
    const until = driver.now + 60_000;
    driver.tell(
      { kind: 'LoadOrdered', model: aModel('a').id, until },
      { kind: 'LoadOrdered', model: aModel('b').id, until },
    );
    for (const server of ['s', 't']) {
      driver.serve(aServer(server, [10], { strangers: 'adopt' }), []);
      for (const id of ['a', 'b']) driver.shelf(server).set(id, '');
      driver.shelf(server).set('pinned', 'READY');
    }
    driver.pass(20_000);
    expect(['s', 't'].filter((server) => driver.phase('pinned', server) === 'ready')).toHaveLength(1);
  });
});
