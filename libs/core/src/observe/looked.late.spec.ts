import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { Shelf } from '../../../../test/support/shelf.js';
import type { Event } from '../fleet/events.js';
import type { IndexRow } from '../looks/look.js';
import { standingOf } from '../fleet/standing.js';

const SERVER = aServer('t').id;

const aDriver = (): CoreDriver =>
  new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');

/** A look that began at some moment and is told only now. */
function lookBegun(driver: CoreDriver, begunAt: number, state: IndexRow['state']): Event {
  const shelf = new Shelf();
  shelf.gpus = null;
  shelf.set('a', state);
  return { kind: 'Looked', server: SERVER, look: { ...shelf.look(driver.now, 'full', false), begunAt } };
}

describe('a look told late', () => {
  it('that began before the load ended does not take the route away', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']);
    driver.resolve('a');
    driver.pass(700);
    const begunAt = driver.now - 20;
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'unreachable' });
    driver.loadEnds('a', 't');
    driver.fleet.servers.get(SERVER)!.statisticsAt = begunAt - 1;
    driver.tell(lookBegun(driver, begunAt, 'LOADING'));
    expect(driver.phase('a', 't')).toBe('ready');
  });

  it('over a connection that has ended gives no route over the next one', () => {
    const driver = aDriver();
    driver.pass(300_000);
    const begunAt = driver.now - 20;
    driver.fleet.servers.get(SERVER)!.statisticsAt = begunAt - 1;
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'ended' });
    driver.shelf('t').set('a', '');
    const request = driver.resolve('a');
    driver.tell(
      { kind: 'ContactChanged', server: SERVER, fact: 'connected' },
      lookBegun(driver, begunAt, 'READY'),
    );
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.isLoading('a', 't')).toBe(true);
  });

  it('because we were paused meanwhile puts off no look: a server cannot take so long', () => {
    const driver = aDriver();
    driver.tell(lookBegun(driver, driver.now, 'READY'));
    driver.now += 30_000;
    driver.tell(lookBegun(driver, driver.now - 30_000, 'READY'));
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(3_000);
    expect(driver.phase('a', 't')).not.toBe('ready');
  });

  it('by a server that has said since that it is leaving does not bring it back', () => {
    const driver = aDriver();
    driver.pass(20_000);
    const begunAt = driver.now - 20;
    driver.fleet.servers.get(SERVER)!.statisticsAt = begunAt - 1;
    driver.tell({ kind: 'ContactChanged', server: SERVER, fact: 'leaving' });
    driver.tell(lookBegun(driver, begunAt, 'READY'));
    expect(driver.fleet.servers.get(SERVER)!.contact.kind).toBe('lost');
  });
});

describe('a look that was answered, and could not be told just then', () => {
  const failing = (driver: CoreDriver): void => {
    driver.tell({ kind: 'LookFailed', server: SERVER, why: 'not_now' });
  };
  const standing = (driver: CoreDriver): string =>
    standingOf(driver.fleet.servers.get(SERVER)!, new Now(driver.now));

  it('leaves the server as it stands, and what is there where it was', () => {
    const driver = aDriver();
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.looksEnd = false;
    failing(driver);
    expect([standing(driver), driver.phase('a', 't')]).toEqual(['ready', 'ready']);
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
  });

  it('is taken anew soon after', () => {
    const driver = aDriver();
    driver.looksEnd = false;
    failing(driver);
    const looks = driver.pass(10_000).filter(({ kind }) => kind === 'look');
    expect(looks).toHaveLength(1);
  });

  it('makes it stale where for half a minute none has told anything', () => {
    const driver = aDriver();
    driver.looksEnd = false;
    const { statisticsAt } = driver.fleet.servers.get(SERVER)!;
    driver.now = statisticsAt! + 29_999;
    failing(driver);
    expect(standing(driver)).toBe('ready');
    driver.now += 1;
    failing(driver);
    expect(standing(driver)).toBe('stale');
  });
});
