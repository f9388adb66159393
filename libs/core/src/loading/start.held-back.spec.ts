import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const SERVER = aServer('t').id;

const aDriver = (): CoreDriver =>
  new CoreDriver().declare(aModel('a'), aModel('b')).serve(aServer('t'), ['a', 'b']);

describe('a load is held back', () => {
  it('while as many run on its server as may, also where its device is free', () => {
    const names = ['a', 'b', 'c'];
    const driver = new CoreDriver()
      .declare(...names.map((name) => aModel(name, { config: '{}', gpuBytes: 8 })))
      .serve(aServer('t', [10, 10, 10]), names);
    const [, , third] = names.map((name) => driver.resolve(name));
    expect(driver.orders()).toEqual(['load a@t', 'load b@t']);
    expect([driver.phase('c', 't'), driver.answerTo(third!)]).toEqual([undefined, 'waiting']);
    driver.loadEnds('a', 't');
    expect(driver.isLoading('c', 't')).toBe(true);
  });

  it('while one without an answer may still run on its device', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', 't', 'unknown');
    const request = driver.resolve('b');
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load a@t']);
    expect([driver.phase('b', 't'), driver.answerTo(request)]).toEqual([undefined, 'waiting']);
  });

  it('while another of the same model may still run there, whatever asks for it', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300 });
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'UNAVAILABLE');
    driver.resolve('a');
    driver.pass(5_900);
    expect(driver.orders()).toEqual(['load a@t']);
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });

  it('for good where its model is disabled, even if an admin orders it', () => {
    const driver = aDriver().declare(aModel('a', { enabled: false }));
    driver.tell({ kind: 'LoadOrdered', model: aModel('a').id, until: driver.now + 60_000 });
    driver.pass(60_000);
    expect(driver.orders()).toEqual([]);
  });

  it('while its server is in the wrong mode', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LookFailed', server: SERVER, why: { mode: 'wrong_mode' } });
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_capacity');
    expect(driver.orders()).toEqual([]);
  });
});

describe('an unload that an admin orders', () => {
  it('leaves what is pinned where it is, by force too', () => {
    const driver = aDriver().declare(aModel('a', { pinnedCopies: 1 }));
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@t']);
  });
});
