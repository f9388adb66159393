import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gapsOn } from './gaps.js';

const SERVER = aServer('t').id;

function show(driver: CoreDriver, memory: number, used: number): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory, used }];
  driver.pass(25_000);
}

const gapOf = ({ fleet }: CoreDriver): number => gapsOn(fleet, fleet.servers.get(SERVER)!).most;

describe('the gaps of a server', () => {
  it('are smaller once a look shows that its device is, whatever is in use there', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']);
    show(driver, 10, 0);
    const before = gapOf(driver);
    show(driver, 10, 1);
    expect(gapOf(driver)).toBe(before);
    show(driver, 7, 1);
    expect(gapOf(driver)).toBe(before - 3);
  });
});
