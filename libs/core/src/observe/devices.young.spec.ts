import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Action } from '../fleet/actions.js';
import type { Shelf } from '../../../../test/support/shelf.js';

const GIB = 2 ** 30;
const CPU = aServer('t', [], { devices: null });
/** Metrics are refused, then they tell a total of 0. */
const REFUSED: Partial<Shelf> = { gpus: null };
const TOTAL_OF_0: Partial<Shelf> = { gpus: [], hostMemory: null };
const UNREAD_GPU: Partial<Shelf> = { gpus: [{ uuid: 'x', memory: 0, used: 0 }] };
const GPU: Partial<Shelf> = { gpus: [{ uuid: 'x', memory: 24 * GIB, used: GIB }] };
const ALL: Partial<Shelf> = { gpus: [], hostMemory: 1e12 };

function met(metrics: Partial<Shelf>): CoreDriver {
  const driver = new CoreDriver().declare(aModel('m', { hostBytes: GIB, gpuBytes: GIB }));
  driver.serve(CPU, ['m'], null);
  Object.assign(driver.shelf('t'), metrics);
  driver.pass(30_000);
  return driver;
}

/** Its process dies, and another one whose metrics tell this is connected to. */
function restarted(driver: CoreDriver, metrics: Partial<Shelf>): CoreDriver {
  driver.tell({ kind: 'ContactChanged', server: CPU.id, fact: 'ended' });
  driver.tell({ kind: 'ContactChanged', server: CPU.id, fact: 'refused' });
  Object.assign(driver.shelf('t'), metrics);
  driver.tell({ kind: 'ContactChanged', server: CPU.id, fact: 'connected' });
  return driver;
}

const devicesOf = ({ fleet }: CoreDriver) =>
  fleet.servers.get(CPU.id)!.devices?.map(({ kind, capacity }) => [kind, capacity]) ?? null;

const looksIn = (actions: readonly Action[]): number =>
  actions.filter((action) => action.kind === 'look' && action.scope === 'full').length;

describe('the devices of a process that has just started', () => {
  it.each([
    ['are refused', ALL, REFUSED],
    ['tell a total of 0', ALL, TOTAL_OF_0],
    ['tell a total of 0 of its GPU', GPU, UNREAD_GPU],
  ])('are those known before while its metrics %s, and what is cold waits for it', (_, known, young) => {
    const driver = met(known);
    const before = devicesOf(driver);
    const request = restarted(driver, young).resolve('m', { wait: 6_000 });
    driver.pass(2_000);
    expect(devicesOf(driver)).toEqual(before);
    expect(driver.answerTo(request)).toBe('waiting');
    Object.assign(driver.shelf('t'), known);
    driver.pass(1_000);
    driver.loadEnds('m', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('do not judge for good what is too large for those known before', () => {
    const driver = met(GPU).declare(aModel('m', { hostBytes: GIB, gpuBytes: 30 * GIB }));
    expect(driver.answerTo(driver.resolve('m', { wait: 6_000 }))).toBe('infeasible');
    const request = restarted(driver, REFUSED).resolve('m', { wait: 6_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    Object.assign(driver.shelf('t'), { gpus: [{ uuid: 'x', memory: 80 * GIB, used: GIB }] });
    driver.pass(1_000);
    driver.loadEnds('m', 't');
    expect(driver.answerTo(request)).toBe('t');
  });

  it('let what was to be loaded anew come back there', () => {
    const driver = met(GPU).warm('m', 't');
    driver.tell({ kind: 'ReloadOrdered', model: aModel('m').id, until: driver.now + 60_000 });
    driver.shelf('t').set('m', '');
    restarted(driver, REFUSED).pass(3_000);
    expect([driver.fleet.reloads.size, driver.fleet.bestEffort.size]).toEqual([1, 0]);
    Object.assign(driver.shelf('t'), GPU);
    driver.pass(2_000);
    expect(driver.isLoading('m', 't')).toBe(true);
  });

  it('are looked for each second, and those that it tells count at once', () => {
    const driver = restarted(met(ALL), TOTAL_OF_0);
    expect(looksIn(driver.pass(5_000))).toBeGreaterThanOrEqual(5);
    Object.assign(driver.shelf('t'), GPU);
    driver.pass(1_000);
    expect(devicesOf(driver)).toEqual([['gpu', 23 * GIB]]);
    expect(looksIn(driver.pass(30_000))).toBeLessThanOrEqual(6);
  });

  it.each([
    ['are refused', REFUSED],
    ['tell a total of 0', TOTAL_OF_0],
  ])('are not those known before any more where its metrics %s for 10 s', (_, silent) => {
    const driver = restarted(met(ALL), silent);
    driver.pass(9_000);
    expect(devicesOf(driver)).not.toBeNull();
    driver.pass(2_000);
    expect(devicesOf(driver)).toBeNull();
    const request = driver.resolve('m', { wait: 6_000 });
    expect(driver.answerTo(request)).toBe('no_server');
    Object.assign(driver.shelf('t'), ALL);
    driver.pass(10_000);
    expect(devicesOf(driver)).toEqual([['cpu', 1e12]]);
  });

  it('stay where the metrics of the same process fall silent', () => {
    const driver = met(ALL);
    Object.assign(driver.shelf('t'), TOTAL_OF_0);
    driver.pass(60_000);
    expect(devicesOf(driver)).toEqual([['cpu', 1e12]]);
  });

  it('are waited for by requests where none is known', () => {
    const driver = met(ALL);
    driver.tell({ kind: 'ServerWithdrawn', server: CPU.id });
    driver.serve(CPU, ['m'], []);
    Object.assign(driver.shelf('t'), TOTAL_OF_0);
    driver.pass(100);
    const request = driver.resolve('m', { wait: 6_000 });
    const other = driver.resolve('m', { wait: 60_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    Object.assign(driver.shelf('t'), ALL);
    driver.pass(1_000);
    driver.loadEnds('m', 't');
    expect([driver.answerTo(request), driver.answerTo(other)]).toEqual(['t', 't']);
  });
});
