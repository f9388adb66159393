import { describe, expect, it } from '@jest/globals';
import { aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { deviceFlags } from '../device-flags.js';
import type { MetricsSample } from '../look.js';
import type { ServerSpec } from '../server.js';

const GIB = 2 ** 30;

/** What is known of a server's devices by its metrics. */
function shown(spec: ServerSpec, gpus: MetricsSample['gpus']) {
  const driver = new CoreDriver().serve(spec, []);
  driver.shelf(spec.id).gpus = gpus;
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

  it('are told apart by nobody where there are several, and each has as much as the smallest', () => {
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

describe('a declared device', () => {
  it('that has less than is to be kept free has nothing for us', () => {
    const devices = [{ ordinal: 0, uuid: 'x', memory: 24 * GIB, headroom: 2 * GIB }];
    const { devices: known } = shown({ ...FOUND, devices }, [{ uuid: 'x', memory: GIB, used: 0 }]);
    expect(known).toEqual([['x', 0, 0]]);
  });
});
