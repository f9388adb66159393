import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ContactFact } from '../fleet/events.js';
import type { Server } from '../fleet/server.js';
import { serverState } from '../explain/view.js';

const T = aServer('t').id;

/** A server whose repository lists two models, of which one serves. */
const aDriver = (): CoreDriver =>
  new CoreDriver().declare(aModel('a'), aModel('b')).serve(aServer('t'), ['a', 'b']).warm('a', 't');

const meets = (driver: CoreDriver, ...facts: ContactFact[]): void => {
  for (const fact of facts) driver.tell({ kind: 'ContactChanged', server: T, fact });
};

const serverIn = ({ fleet }: CoreDriver): Server => fleet.servers.get(T)!;

/** Another process has the same files, and never loaded any of them. */
const untouched = (driver: CoreDriver): void => {
  for (const model of ['a', 'b']) driver.shelf('t').set(model, '');
};

describe.each(['closed', 'moved'] as const)('a server whose connection we have %s', (fact) => {
  it('is given no route before a look over the next one, and then is as it was', () => {
    const driver = aDriver();
    meets(driver, fact);
    const request = driver.resolve('a');
    expect(driver.answerTo(request)).toBe('waiting');
    meets(driver, 'connected');
    expect(driver.answerTo(request)).toBe('t');
    expect(serverIn(driver).incarnation).toBe(1);
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('still has what we loaded, which leaves by the idle rule', () => {
    const driver = aDriver();
    meets(driver, fact, 'connected');
    driver.pass(301_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('goes on to drain', () => {
    const driver = aDriver();
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: driver.now + 3_600_000 });
    meets(driver, fact, 'connected');
    expect(serverState(driver.fleet, serverIn(driver), new Now(driver.now))).toBe('draining');
  });

  it('keeps a load without an answer booked, and no other one is begun beside it', () => {
    const driver = aDriver();
    driver.resolve('b');
    meets(driver, fact);
    driver.loadEnds('b', 't', 'unknown');
    meets(driver, 'connected');
    driver.pass(30_000);
    expect(driver.phase('b', 't')).toBe('unknown');
    driver.shelf('t').set('b', 'READY');
    driver.pass(1_000);
    expect(driver.phase('b', 't')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@t', 'load b@t']);
  });

  it('counts as lost when there is no connection for 2 s, and is met again', () => {
    const driver = aDriver();
    meets(driver, fact);
    driver.pass(1_999);
    expect(serverState(driver.fleet, serverIn(driver), new Now(driver.now))).toBe('connecting');
    driver.pass(1);
    expect(serverState(driver.fleet, serverIn(driver), new Now(driver.now))).toBe('lost');
    meets(driver, fact, 'connected');
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
  });

  it('is looked at anew where the old connection had a look under way', () => {
    const driver = aDriver();
    driver.looksEnd = false;
    driver.pass(10_000);
    expect(serverIn(driver).looking).not.toBeNull();
    driver.looksEnd = true;
    meets(driver, fact, 'connected');
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
  });

  it('is another process where a model that served was never touched', () => {
    const driver = aDriver();
    driver.pass(1);
    meets(driver, fact);
    untouched(driver);
    meets(driver, 'connected');
    expect([serverIn(driver).incarnation, driver.phase('a', 't')]).toEqual([2, undefined]);
  });

  it('waits for its first look like any other, before there was one', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ServerDeclared', server: aServer('u') });
    driver.tell({ kind: 'ContactChanged', server: aServer('u').id, fact });
    expect(driver.fleet.servers.get(aServer('u').id)!.contact.kind).toBe('connecting');
  });
});

describe('a refusal', () => {
  it('at the address of the old process means that it has died', () => {
    const driver = aDriver();
    meets(driver, 'closed', 'refused', 'connected');
    expect(serverIn(driver).incarnation).toBe(2);
  });

  it('at an address that was never reached says nothing, however often the server is told to be elsewhere', () => {
    const driver = aDriver();
    meets(driver, 'moved', 'refused', 'closed', 'refused', 'moved', 'connected');
    expect(serverIn(driver).incarnation).toBe(1);
    driver.pass(301_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('once there was a connection to the new address is that of a process that has died', () => {
    const driver = aDriver();
    driver.looksEnd = false;
    meets(driver, 'moved', 'connected', 'ended', 'refused');
    driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
    driver.looksEnd = true;
    meets(driver, 'connected');
    expect(serverIn(driver).incarnation).toBe(2);
  });
});
