import { describe, expect, it } from '@jest/globals';
import type { ModelId, ReplicaId, ServerId } from '#core';
import type { Route } from '#engine';
import { Registry } from '../../admin/servers/registry.js';
import { LatestVersion, RouteMessages } from './route-messages.js';

const route: Route = {
  kind: 'route',
  model: 'm' as ModelId,
  version: '1',
  server: 'a' as ServerId,
  replica: 'm@a' as ReplicaId,
  devices: [0],
  term: 1,
  sequence: 7,
  lease: 10_000,
  cold: false,
  waited: 0,
};

const A = { spec: { grpc: '127.0.0.1:8001' }, revision: 1, drain: null };

describe('told routes', () => {
  const registry = new Registry([], new Map([['a', A]]));
  const latest = new LatestVersion();
  const told = new RouteMessages(registry, latest);

  it('tell the same as the same object', () => {
    const message = told.of(route);
    expect(message).toMatchObject({ model: 'm', server: { grpc: '127.0.0.1:8001' }, devices: [0] });
    expect(told.of({ ...route })).toBe(message);
  });

  it('tell what has changed', () => {
    const changes: Partial<Route>[] = [
      { version: '2' },
      { devices: [1] },
      { sequence: 8 },
      { lease: 1 },
      { cold: true },
      { waited: 5 },
    ];
    for (const change of changes) {
      const before = told.of(route);
      const after = told.of({ ...route, ...change });
      expect(after).not.toEqual(before);
    }
  });

  it('never tell an earlier version than one that was told before, here or by another peer', () => {
    const versions = [
      latest.told({ ...told.of(route), routeVersion: { term: '3', sequence: '10' } }),
      told.of({ ...route, term: 2, sequence: 99 }),
      told.of({ ...route, term: 3, sequence: 9 }),
      latest.told({ ...told.of(route), routeVersion: { term: '3', sequence: '8' } }),
      told.of({ ...route, term: 3, sequence: 11 }),
    ].map(({ routeVersion: { term, sequence } }) => `${term}.${sequence}`);
    expect(versions).toEqual(['3.10', '3.10', '3.10', '3.10', '3.11']);
  });

  it('tell of a server what holds now', () => {
    told.of(route);
    registry.set('a', { ...A, spec: { grpc: '127.0.0.1:9001' } });
    expect(told.of(route).server.grpc).toBe('127.0.0.1:9001');
  });
});
