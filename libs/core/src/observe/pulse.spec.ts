import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const SERVER = aServer('t').id;

describe('the idle time of a fresh replica', () => {
  it('begins at the inference that its first statistics show', () => {
    const driver = new CoreDriver().declare(aModel('a', { idleUnload: 10_000 })).serve(aServer('t'), ['a']);
    driver.resolve('a', { lease: 0 });
    driver.fleet.servers.get(SERVER)!.lookTook = 1_000;
    driver.loadEnds('a', 't');
    const servedOnce = { succeeded: 1, failed: 0, lastInference: 77 };
    driver.shelf('t').served.set(aModel('a').id, servedOnce);
    driver.pass(11_000);
    expect(driver.phase('a', 't')).toBe('ready');
    driver.pass(5_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });
});
