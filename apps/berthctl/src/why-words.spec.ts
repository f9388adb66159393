import { describe, expect, it } from '@jest/globals';
import { type ModelId, type ServerId, whyOf } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { whyWords } from './why-words.js';

const MIB = 2 ** 20;
const model = (id: string, parts: Parameters<typeof aModel>[1] = {}): ReturnType<typeof aModel> =>
  aModel(id, { gpuBytes: 6 * MIB, ...parts });

/** Two models of 6 MiB on a GPU of 10 MiB, one of them warm. */
const oneWarm = (parts: Parameters<typeof aModel>[1] = {}): CoreDriver =>
  new CoreDriver()
    .declare(model('here', parts), model('there'))
    .serve(aServer('s', [10 * MIB]), ['here', 'there'])
    .warm('here', 's');

const words = (driver: CoreDriver, id: string): string[] =>
  whyWords(whyOf(driver.fleet, id as ModelId, driver.now), driver.now);

describe('why a model is where it is, in words', () => {
  it('tells how long a copy that is not wanted will stay', () => {
    const driver = oneWarm({ minResidency: 20_000, idleUnload: 60_000 });
    expect(words(driver, 'here')).toEqual([
      'here is ready.',
      'It is not wanted now.',
      'On s (device 0) it has been ready for 0 ms; it books 6 MiB of device 0 of s.',
      '  It does not leave for another: it came a short time ago, and is safe for another 20 s.',
      '  It does not leave for another: it is in use, for another 10 s at most if no request comes.',
      '  It is retired in 60 s if it is not used.',
    ]);
  });

  it('tells of a pin', () => {
    const driver = oneWarm({ pinnedCopies: 2 });
    driver.pass(20_000);
    expect(words(driver, 'here')).toEqual([
      'here is ready.',
      'It is pinned: 1 of 2 copies there or on the way.',
      'A copy has been lacking for 20 s.',
      'When its load begins cannot be told.',
      'On s (device 0) it has been ready for 20 s; it books 6 MiB of device 0 of s.',
      '  It does not leave for another: it is pinned.',
      '  It is never retired for being idle.',
    ]);
  });

  it('tells which copy would have to leave, and for which model one left', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    expect(words(driver, 'there')).toContain('On s: there is room once here@s left.');
    driver.resolve('there');
    driver.pass(1_000);
    expect(words(driver, 'here')).toContain('A copy left 1 s ago: evicted, to make room for there.');
    expect(words(driver, 'there')).toContain('  The load counts as overdue in 59 s.');
  });

  it('tells of an order, of a load that failed, and when the next one may start', () => {
    const driver = oneWarm();
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.tell({ kind: 'LoadOrdered', model: 'there' as ModelId, until: driver.now + 120_000 });
    driver.pass(1_000);
    driver.loadEnds('there', 's', 'capacity');
    driver.pass(600);
    const told = words(driver, 'there').join('\n');
    expect(told).toContain('An admin ordered its load, 1.6 s ago; that holds for another 118 s.');
    expect(told).toMatch(/Its last load failed 600 ms ago: capacity; the next try may start in [\d.]+ m?s\./);
    expect(told).toMatch(/On s: the last load failed \(capacity\); the next may start in [\d.]+ m?s\./);
  });

  it.each([
    ['its repository does not list it', model('m'), aServer('s', [10 * MIB]), [] as string[]],
    ['it would not fit even if all that may ever leave had left', model('m'), aServer('s', [5 * MIB]), ['m']],
    ['it lacks a label', model('m', { require: { gpu: 'l4' } }), aServer('s', [10 * MIB]), ['m']],
    ['there is room', model('m'), aServer('s', [10 * MIB]), ['m']],
  ])('tells of a server that %s', (why, declared, server, repository) => {
    const driver = new CoreDriver().declare(declared).serve(server, repository);
    expect(words(driver, 'm').join('\n')).toContain(`On s: ${why}`);
  });

  it('tells that the device has had its swaps, and which copy would leave', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    driver.fleet.swaps.set('gpu:s/0' as never, Array<number>(30).fill(driver.now - 10_000));
    expect(words(driver, 'there')).toContain(
      'On s: there is room once here@s left, which may begin in 50 s: the device has had its swaps of a minute.',
    );
  });

  it('tells that a model is quarantined', () => {
    const driver = oneWarm({ onLimitExceeded: 'quarantine' });
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.pass(1_000);
    driver.fleet.excesses.set('here' as ModelId, { bytes: 9 * MIB, at: driver.now, isPardoned: false });
    expect(words(driver, 'here').join('\n')).toMatch(
      /On s: the model, or .*, took more than its limit and is/,
    );
  });

  it('tells of a server that takes nothing', () => {
    const driver = oneWarm();
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    expect(words(driver, 'there')).toContain('On s: the server takes nothing new: it is being drained.');
    driver.tell({ kind: 'DrainEnded', server: 's' as ServerId });
    driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: 'ended' });
    expect(words(driver, 'there')).toContain('On s: the server takes nothing new: it is connecting.');
  });

  it('tells that the device is closed, and when it should open', () => {
    const driver = new CoreDriver()
      .declare(model('here', { config: '{}' }), model('there', { config: '{}' }))
      .serve(aServer('s', [10 * MIB]), ['here', 'there'], [{ uuid: 's-0', memory: 10 * MIB, used: 0 }]);
    driver.pass(25_000);
    driver.resolve('here', { wait: 1_000 });
    driver.loadEnds('here', 's', 'capacity');
    driver.pass(1_000);
    expect(words(driver, 'there')).toContain(
      'On s: device 0 is closed for 1 s, since a load ran out of memory although the books had room; it opens in about 2 s.',
    );
  });

  it('tells that a model is disabled', () => {
    const driver = new CoreDriver().declare(model('m', { enabled: false })).serve(aServer('s'), ['m']);
    expect(words(driver, 'm')[0]).toBe('m is absent, and disabled: it is never loaded.');
  });
});
