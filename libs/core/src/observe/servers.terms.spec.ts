import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

describe('a term that follows on a leader that may still send an order', () => {
  const begin = (looks: 1 | 2) => {
    const driver = new CoreDriver();
    driver.tell({ kind: 'TermBegun', looks });
    return driver.declare(aModel('a')).serve(aServer('s', [10]), ['a']);
  };

  it('orders nothing on a server before a second look, begun 1 s after the first', () => {
    const driver = begin(2);
    const request = driver.resolve('a');
    driver.pass(999);
    expect([driver.orders(), driver.answerTo(request)]).toEqual([[], 'waiting']);
    driver.pass(1);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('adopts what that leader still loaded', () => {
    const driver = begin(2);
    const request = driver.resolve('a');
    driver.pass(500);
    driver.shelf('s').set('a', 'READY');
    driver.pass(500);
    expect([driver.orders(), driver.answerTo(request)]).toEqual([[], 's']);
  });

  it('asks for two looks also where servers were declared before it was told', () => {
    const driver = new CoreDriver();
    driver.looksEnd = false;
    driver.declare(aModel('a')).serve(aServer('s', [10]), ['a']);
    driver.tell({ kind: 'TermBegun', looks: 2 });
    expect(driver.fleet.servers.get(aServer('s').id)!.secondLookFrom).toBe(Infinity);
  });

  it('looks a second time however soon other looks are wanted', () => {
    const driver = begin(2);
    driver.tell({ kind: 'ServersDoubted', servers: [aServer('s').id] });
    driver.resolve('a');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('is content with one look after a clean release', () => {
    const driver = begin(1);
    driver.resolve('a');
    expect(driver.orders()).toEqual(['load a@s']);
  });
});
