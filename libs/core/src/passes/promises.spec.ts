import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const LARGE = { gpuBytes: 10 };

/** `a` is being unloaded on the only server, and the pinned `b` waits there for its memory. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', LARGE), aModel('b', LARGE), aModel('s'))
    .serve(aServer('t'), ['a', 'b', 's'])
    .warm('a', 't');
  driver.unloadsEnd = false;
  driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
  driver.declare(aModel('b', { ...LARGE, pinnedCopies: 1 }));
  driver.serve(aServer('u', [5]), []);
  expect(driver.phase('b', 't')).toBe('placed');
  return driver;
}

describe('a place whose memory does not come', () => {
  it('because the unload is stuck is given up for one elsewhere', () => {
    const driver = aDriver();
    driver.pass(300_000);
    driver.declare(aModel('c', LARGE)).serve(aServer('v'), ['b', 'c']).warm('c', 'v');
    driver.unloadsEnd = true;
    expect(driver.isLoading('b', 'v')).toBe(false);
    driver.pass(70_000);
    expect(driver.isLoading('b', 'v')).toBe(true);
  });

  it('because a stranger took it is given up for one elsewhere', () => {
    const driver = aDriver();
    driver.shelf('t').set('s', 'READY');
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(20_000);
    expect(driver.phase('b', 't')).toBeUndefined();
    driver.serve(aServer('v'), ['b']);
    expect(driver.isLoading('b', 'v')).toBe(true);
  });
});
