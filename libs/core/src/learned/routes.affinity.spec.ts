import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { HandedOut, type ModelId, pickRoute, replicaId, type ServerId } from '../index.js';

const MODEL = 'resnet50' as ModelId;
/** `user-1` leads to triton-c, then to triton-b, then to triton-a (docs/api.md). */
const KEY = 'user-1';
const SERVERS = ['triton-a', 'triton-b', 'triton-c'];

describe('a route for an affinity key', () => {
  let driver: CoreDriver;
  let handedOut: HandedOut;

  beforeEach(() => {
    driver = new CoreDriver().declare(aModel(MODEL, { pinnedCopies: 3 }));
    for (const server of SERVERS) driver.serve(aServer(server, [10]), [MODEL]);
    for (const server of SERVERS) driver.loadEnds(MODEL, server);
    driver.pass(3_000);
    handedOut = new HandedOut();
  });

  const route = (avoid: readonly string[] = [], version: string | null = null): ServerId | undefined => {
    const query = { model: MODEL, version, avoid: avoid as ServerId[], affinityKey: KEY };
    return pickRoute(driver.fleet, query, { lastUse: () => undefined, handedOut })?.server;
  };
  const fails = (server: string): void => {
    for (const failed of [0, 3]) {
      driver.shelf(server).served.set(MODEL, { succeeded: 1, failed, lastInference: failed });
      driver.now += 1;
      const look = driver.shelf(server).look(driver.now, 'full', true);
      driver.tell({ kind: 'Looked', server: server as ServerId, look });
    }
  };
  const gives = (server: string, count: number): void => {
    const id = replicaId(MODEL, server as ServerId);
    for (let given = 0; given < count; given += 1) handedOut.note(id, driver.now);
  };

  it('leads to the same copy again and again, and past those that are avoided', () => {
    expect([route(), route(), route()]).toEqual(['triton-c', 'triton-c', 'triton-c']);
    expect(route(['triton-c'])).toBe('triton-b');
    expect(route(SERVERS)).toBeUndefined();
    expect(route([], '7')).toBeUndefined();
  });

  it('leads past failing copies and servers that drain with a deadline, but to one that drains rather than to one that fails', () => {
    driver.fleet.held = true;
    fails('triton-c');
    expect(route()).toBe('triton-b');
    driver.tell({ kind: 'DrainOrdered', server: 'triton-b' as ServerId, deadline: 1e6 });
    expect(route()).toBe('triton-a');
    expect(route(['triton-a'])).toBe('triton-b');
    expect(route(['triton-a', 'triton-b'])).toBe('triton-c');
  });

  it('leads past a copy that was given many more routes than the others, until a second later', () => {
    gives('triton-c', 8);
    expect([route(), route(['triton-b'])]).toEqual(['triton-b', 'triton-a']);
    expect(route(['triton-a', 'triton-b'])).toBe('triton-c');
    driver.pass(2_000);
    expect(route()).toBe('triton-c');
  });

  it('leads requests that wait to the copy of their key, and to the next one when a turn has given it too many', () => {
    const requests = Array.from({ length: 20 }, (_, nth) =>
      aRequest(`r${nth}`, MODEL, driver.now, { affinityKey: KEY }),
    );
    driver.tell(...requests.map((request) => ({ kind: 'RequestArrived', request }) as const));
    const granted = driver.log.flatMap((action) => (action.kind === 'grant' ? [action.replica] : []));
    const [a, b, c] = SERVERS.map((server) => replicaId(MODEL, server as ServerId));
    expect(granted).toEqual([
      ...Array.from({ length: 8 }, () => c),
      ...Array.from({ length: 8 }, () => b),
      ...Array.from({ length: 4 }, () => a),
    ]);
  });
});
