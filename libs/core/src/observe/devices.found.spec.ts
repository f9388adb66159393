import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { deviceFlags } from '../explain/view.js';
import type { MetricsSample } from '../looks/look.js';
import type { ServerSpec } from '../fleet/server.js';

const GIB = 2 ** 30;

/** What is known of a server's devices by its metrics. */
function shown(spec: ServerSpec, gpus: MetricsSample['gpus']) {
  const driver = new CoreDriver().serve(spec, [], gpus);
  driver.pass(10_000);
  const server = driver.fleet.servers.get(spec.id)!;
  const flags = deviceFlags(server, server.devices![0]!, { capacity: 1, held: 0 });
  return { flags, devices: server.devices!.map(({ uuid, used, capacity }) => [uuid, used, capacity / GIB]) };
}

const FOUND: ServerSpec = { ...aServer('t'), devices: null };

describe('devices that were found', () => {
  it('are measured where there is one', () => {
    const { devices, flags } = shown(FOUND, [{ uuid: 'x', memory: 24 * GIB, used: GIB }]);
    expect(devices).toEqual([['x', GIB, 23]]);
    expect(flags).toEqual([]);
  });

  it('cannot be told apart where there are several, and each has as much as the smallest', () => {
    const { devices, flags } = shown(FOUND, [
      { uuid: 'large', memory: 80 * GIB, used: 70 * GIB },
      { uuid: 'small', memory: 24 * GIB, used: GIB },
    ]);
    expect(devices).toEqual([
      [null, null, 23],
      [null, null, 23],
    ]);
    expect(flags).toEqual(['unmapped']);
  });
});

/** As Triton shows a GPU that it could not read. */
const UNREAD = { uuid: 'x', memory: 0, used: 0 };

describe('a GPU of which the metrics could read nothing', () => {
  it('is no device before it could be read, and does not make the server one without GPUs', () => {
    const driver = new CoreDriver().serve(FOUND, [], [UNREAD]);
    driver.pass(10_000);
    const { devices } = driver.fleet.servers.get(FOUND.id)!;
    expect(devices).toBeNull();
  });

  it('is as it was found, and nothing is measured', () => {
    const driver = new CoreDriver().serve(FOUND, [], [{ uuid: 'x', memory: 24 * GIB, used: GIB }]);
    driver.pass(10_000);
    driver.shelf('t').gpus = [UNREAD];
    driver.pass(10_000);
    const { devices } = driver.fleet.servers.get(FOUND.id)!;
    expect(devices).toMatchObject([{ uuid: 'x', capacity: 23 * GIB, used: null }]);
    expect(booked(driver).flags).toEqual(['unmeasured']);
  });

  it.each([
    ['could not be read', UNREAD],
    ['has more in use than it has', { uuid: 'x', memory: GIB, used: 2 * GIB }],
  ])('has what was declared where it %s, and is unmeasured', (_, gpu) => {
    const devices = [{ ordinal: 0, uuid: null, memory: 24 * GIB, headroom: 2 * GIB }];
    const known = shown({ ...FOUND, devices }, [gpu]);
    expect(known).toEqual({ devices: [['x', null, 22]], flags: ['unmeasured'] });
  });
});

const gpus = (count: number): MetricsSample['gpus'] =>
  Array.from({ length: count }, (_, at) => ({ uuid: `x${at}`, memory: 24 * GIB, used: 0 }));

/** A server that was found with so many GPUs, and holds a model of 4 GiB that no GPU was chosen for. */
function holding(count: number) {
  const driver = new CoreDriver().declare(aModel('m', { gpuBytes: 4 * GIB, idleUnload: null }));
  driver.serve(FOUND, ['m'], gpus(count)).pass(10_000);
  driver.warm('m', 't').pass(10_000);
  return driver;
}

function showing(driver: CoreDriver, count: number, millis: number) {
  driver.shelf('t').gpus = gpus(count);
  driver.pass(millis);
  return booked(driver);
}

/** The kinds of the devices, the accounts on which something is booked, and the flags of the first device. */
function booked({ fleet }: CoreDriver) {
  const server = fleet.servers.get(FOUND.id)!;
  const flags = deviceFlags(server, server.devices![0]!, { capacity: 1, held: 0 });
  const accounts = [...fleet.replicas.values()].flatMap(({ bookings }) => bookings.map((one) => one.account));
  return { kinds: server.devices!.map(({ kind }) => kind), accounts, flags };
}

describe('devices that were found, and of which the metrics show another number', () => {
  const ONE = { kinds: ['gpu'], accounts: ['gpu:t/0', 'host:t'] };
  const TWO = { kinds: ['gpu', 'gpu'], accounts: ['gpu:t/0', 'gpu:t/1', 'host:t'] };

  it('stay, with what is booked there, while one is out of sight, and that is told', () => {
    const driver = holding(1);
    expect(showing(driver, 0, 10_000)).toEqual({ ...ONE, flags: ['miscounted'] });
    expect(showing(driver, 1, 10_000)).toEqual({ ...ONE, flags: [] });
  });

  it('stay however long that lasts, as long as something is booked there', () => {
    const driver = holding(2);
    expect(showing(driver, 1, 120_000)).toEqual({ ...TWO, flags: ['miscounted'] });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('m').id, force: false });
    driver.pass(60_000);
    expect(booked(driver)).toEqual({ kinds: ['gpu'], accounts: [], flags: [] });
  });

  it('are more once all looks have shown that for a while; what no device was chosen for is on all', () => {
    const driver = holding(1);
    expect(showing(driver, 2, 5_000)).toEqual({ ...ONE, flags: ['miscounted'] });
    expect(showing(driver, 1, 5_000)).toEqual({ ...ONE, flags: [] });
    expect(showing(driver, 2, 10_000)).toEqual({ ...ONE, flags: ['miscounted'] });
    expect(showing(driver, 2, 20_000)).toEqual({ ...TWO, flags: ['unmapped'] });
  });

  it('are others at once in a new process', () => {
    const driver = holding(1);
    driver.tell({ kind: 'ContactChanged', server: FOUND.id, fact: 'ended' });
    driver.tell({ kind: 'ContactChanged', server: FOUND.id, fact: 'refused' });
    driver.shelf('t').gpus = [];
    driver.shelf('t').set('m', '');
    driver.tell({ kind: 'ContactChanged', server: FOUND.id, fact: 'connected' });
    driver.pass(1_000);
    expect(booked(driver)).toEqual({ kinds: ['cpu'], accounts: [], flags: [] });
  });

  it('book what came up while the metrics were silent, once they answer', () => {
    const driver = new CoreDriver().serve(FOUND, ['m'], null);
    driver.shelf('t').set('m', 'READY');
    driver.pass(10_000);
    expect(showing(driver, 2, 10_000)).toEqual({ ...TWO, flags: ['unmapped'] });
  });
});

describe('a declared device', () => {
  it('that has less than is to be kept free has nothing for us', () => {
    const devices = [{ ordinal: 0, uuid: 'x', memory: 24 * GIB, headroom: 2 * GIB }];
    const { devices: known } = shown({ ...FOUND, devices }, [{ uuid: 'x', memory: GIB, used: 0 }]);
    expect(known).toEqual([['x', 0, 0]]);
  });

  it('whose uuid the metrics do not have is unmeasured, and one without a uuid beside another is unmapped', () => {
    const device = { ordinal: 0, uuid: 'y', memory: 24 * GIB, headroom: 2 * GIB };
    const both = gpus(2);
    const { flags } = shown({ ...FOUND, devices: [device] }, both);
    expect(flags).toEqual(['unmeasured']);
    expect(shown({ ...FOUND, devices: [{ ...device, uuid: null }] }, both).flags).toEqual(['unmapped']);
  });
});
