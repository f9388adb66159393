import { describe, expect, it } from '@jest/globals';
import { fleetLines } from './fleet-lines.js';

describe('the fleet in a few lines', () => {
  const fleet = {
    ...{ fleet: 'f', leader: { id: 'p1', term: '3' }, frozen: null, devices: [], hosts: [] },
    ...{ replicas: { ready: 2, draining: 1 }, waiting: 0, loadsInFlight: 0 },
  };
  const facts = { copies: 1, since: '2026-12-01T10:00:00.000Z' };

  it('says for whom unloads wait', () => {
    const unloadsWaitFor = [
      { watcher: 'gw-1', kind: 'gateway' as const, berth: 'p2', acknowledges: false, ...facts },
      { watcher: 'gw-2', kind: 'gateway' as const, berth: 'p2', acknowledges: true, ...facts },
      { watcher: 'p3', kind: 'peer' as const, berth: 'p3', acknowledges: true, ...facts },
    ];
    expect(fleetLines({ ...fleet, unloadsWaitFor }).filter((line) => line.startsWith('unloads'))).toEqual([
      'unloads    1 wait since 2026-12-01T10:00:00.000Z for gateway gw-1 of p2, which acknowledges nothing',
      'unloads    1 wait since 2026-12-01T10:00:00.000Z for gateway gw-2 of p2',
      'unloads    1 wait since 2026-12-01T10:00:00.000Z for Berth p3',
    ]);
  });

  it('says nothing of that where Berth does not', () => {
    expect(fleetLines(fleet).some((line) => line.startsWith('unloads'))).toBe(false);
  });
});
