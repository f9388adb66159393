import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { RequestId, TenantId } from '../fleet/ids.js';
import { AT_REST } from '../learned/utilisation.js';

const NAMES = ['first', 'b', 'c', 'd', 'e', 's'];

/** A server with room for all and one load slot, which the load of `first` has; all loads take 8 s. */
function busy(...models: ReturnType<typeof aModel>[]): CoreDriver {
  const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name)), ...models);
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1, starvation: 600_000 };
  driver.serve(aServer('t', [99]), NAMES);
  for (const name of NAMES) driver.loadsTake(name, 8_000);
  driver.resolve('first', { tenant: 'flood' });
  return driver;
}

/** Ends each load as it comes; the models in the order in which their loads began. */
function loadAll(driver: CoreDriver): string[] {
  for (let open = NAMES.filter((name) => driver.isLoading(name, 't')); open.length > 0;) {
    driver.loadEnds(open[0]!, 't');
    open = NAMES.filter((name) => driver.isLoading(name, 't'));
  }
  return driver.orders().map((order) => order.replace(/^load (.*)@t$/, '$1'));
}

describe('a free load slot', () => {
  it('is for the higher class first, whichever got a place first', () => {
    const driver = busy();
    driver.resolve('b', { class: 'sheddable' });
    driver.resolve('c');
    driver.resolve('d', { class: 'critical' });
    expect(loadAll(driver)).toEqual(['first', 'd', 'c', 'b']);
  });

  it('is for a pin before all classes, and for a copy by demand after them', () => {
    const driver = busy(aModel('b', { class: 'critical', maxCopies: 2 }));
    driver.serve(aServer('u', [4]), ['b']).warm('b', 'u');
    driver.fleet.utilisations.set(aModel('b').id, { ...AT_REST, copies: 2 });
    driver.tell();
    driver.resolve('c', { class: 'sheddable' });
    driver.declare(aModel('d', { class: 'sheddable', pinnedCopies: 1 }));
    loadAll(driver);
    expect(driver.orders()).toEqual(['load first@t', 'load b@u', 'load d@t', 'load c@t', 'load b@t']);
  });

  it('is not for a copy by demand as if for the pin of its model, which has its copy', () => {
    const driver = new CoreDriver()
      .declare(aModel('b', { pinnedCopies: 1, maxCopies: 2 }), aModel('old', { gpuBytes: 8 }))
      .declare(...['first', 'c'].map((name) => aModel(name, { gpuBytes: 1 })))
      .serve(aServer('u', [4]), ['b']);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.loadEnds('b', 'u');
    driver.serve(aServer('t'), ['b', 'old', 'first', 'c']).warm('old', 't').resolve('old', { lease: 30_000 });
    driver.resolve('first');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('old').id, force: false });
    driver.fleet.utilisations.set(aModel('b').id, { ...AT_REST, copies: 2 });
    driver.resolve('c');
    expect([driver.phase('b', 't'), [...driver.fleet.line.keys()]]).toEqual([undefined, ['c', 'b']]);
  });

  it('is for what is needed as if for what needs it', () => {
    const driver = busy(aModel('e', { class: 'critical', dependsOn: [aModel('s').id] }));
    driver.resolve('b');
    driver.resolve('e');
    expect(loadAll(driver)).toEqual(['first', 's', 'e', 'b']);
  });

  it('is, of one class, for a tenant under its part before one that had more', () => {
    const driver = busy();
    for (const model of ['b', 'c', 'd']) driver.resolve(model, { tenant: 'flood' });
    driver.resolve('e', { tenant: 'quiet' });
    expect(loadAll(driver)).toEqual(['first', 'e', 'b', 'c', 'd']);
  });

  it('is, of one class, for what an admin orders before what tenants wait for', () => {
    const driver = busy();
    for (const model of ['b', 'c']) driver.resolve(model, { tenant: 'flood' });
    driver.resolve('s', { class: 'critical' });
    driver.tell({ kind: 'LoadOrdered', model: aModel('e').id, until: driver.now + 60_000 });
    expect(loadAll(driver)).toEqual(['first', 's', 'e', 'b', 'c']);
  });

  it('is, of one tenant, for what is promised to be ready soonest', () => {
    const driver = busy();
    driver.resolve('b', { wait: 60_000 });
    driver.resolve('c', { wait: 50_000 });
    driver.resolve('d', { wait: 55_000 });
    expect(loadAll(driver)).toEqual(['first', 'c', 'd', 'b']);
  });
});

describe('what a tenant is charged for a load in line', () => {
  const charged = ({ fleet }: CoreDriver, tenant: string): number | undefined =>
    fleet.spending.get(tenant as TenantId)?.sum;

  it('stays once the load has begun, and is paid by the tenant whose request came first', () => {
    const driver = busy();
    driver.resolve('b', { tenant: 'early' });
    driver.resolve('b', { tenant: 'later' });
    driver.loadEnds('first', 't');
    expect(driver.isLoading('b', 't')).toBe(true);
    driver.loadEnds('b', 't');
    expect(['flood', 'early', 'later'].map((tenant) => charged(driver, tenant))).toEqual([
      8_000,
      8_000,
      undefined,
    ]);
  });

  it('is returned when its last request gives up', () => {
    const driver = busy();
    const request = driver.resolve('b', { tenant: 'early' });
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect(charged(driver, 'early')).toBeUndefined();
  });
});

describe('how long a load is waited for', () => {
  it('is foretold by that order: a load that goes first does not wait for the others', () => {
    const driver = busy();
    driver.pass(3_000);
    driver.resolve('b');
    const early = driver.resolve('c', { class: 'critical', wait: 13_000 });
    const late = driver.resolve('d', { class: 'sheddable', wait: 28_000 });
    expect(driver.answerTo(early)).toBe('waiting');
    expect(driver.refusalOf(late)).toEqual({ reason: 'deadline_unreachable', retryAfter: 1_000 });
  });

  it('is less for a load that comes last and has room now than for one before it that waits for room', () => {
    const driver = busy(
      aModel('b', { gpuBytes: 92 }),
      aModel('c', { gpuBytes: 92 }),
      aModel('d', { gpuBytes: 1 }),
    );
    driver.loadEnds('first', 't');
    driver.warm('b', 't');
    driver.resolve('b', { lease: 60_000 });
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 0 };
    driver.resolve('c', { class: 'critical', wait: 90_000 });
    driver.resolve('first', { lease: 1 });
    expect([driver.phase('c', 't'), driver.phase('b', 't')]).toEqual(['placed', 'draining']);
    expect(driver.answerTo(driver.resolve('d', { class: 'sheddable', wait: 8_000 }))).toBe('waiting');
    expect(driver.isLoading('d', 't')).toBe(true);
  });
});
