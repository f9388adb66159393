import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const U = aServer('u').id;

/** Of two servers that an earlier life has known, one was looked at. */
function aStart(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a', { pinnedCopies: 1 }), aModel('b'));
  driver.tell(
    { kind: 'ServerDeclared', server: aServer('u') },
    { kind: 'ServerRemembered', server: U, repository: [aModel('a').id, aModel('b').id], devices: [] },
  );
  return driver.serve(aServer('t', [10]), ['a', 'b']);
}

describe('right after the start', () => {
  it('nothing is placed before every server was looked at: it may be there already', () => {
    const driver = aStart();
    const request = driver.resolve('b');
    expect(driver.orders()).toEqual([]);
    driver.shelves.set('u', driver.shelf('t'));
    driver.shelf('u').set('a', 'READY');
    driver.shelf('u').set('b', 'READY');
    driver.tell({ kind: 'ContactChanged', server: U, fact: 'connected' });
    expect(driver.answerTo(request)).toBe('u');
    expect(driver.orders()).toEqual([]);
  });

  it('the cold wait ten seconds at most', () => {
    const driver = aStart();
    driver.resolve('b');
    driver.pass(9_999);
    expect(driver.orders()).toEqual([]);
    driver.pass(1);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('the cold wait for servers that may not be declared yet, ten seconds at most', () => {
    const driver = new CoreDriver().declare(aModel('a'));
    driver.tell({ kind: 'ServersAwaited', isAwaited: true });
    driver.serve(aServer('t', [10]), ['a']);
    const request = driver.resolve('a');
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(9_999);
    expect(driver.orders()).toEqual([]);
    driver.pass(1);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('what was awaited is placed once it is known which servers there are', () => {
    const driver = new CoreDriver().declare(aModel('a'));
    driver.tell({ kind: 'ServersAwaited', isAwaited: true });
    driver.serve(aServer('t', [10]), ['a']).resolve('a');
    driver.tell({ kind: 'ServersAwaited', isAwaited: false });
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('no request waits for a server that refuses connections', () => {
    const driver = aStart();
    driver.tell({ kind: 'ContactChanged', server: U, fact: 'refused' });
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['load a@t']);
  });
});
