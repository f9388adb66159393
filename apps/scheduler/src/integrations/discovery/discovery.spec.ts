import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DiscoveryConfig } from '#config';
import type { DeclaredServer } from '#engine';
import { aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { FakeNames } from '../../../../../test/support/fake-names.js';
import { ServerRemoval } from '../../admin/servers/server-removal.js';
import { Links } from '../../admin/servers/links.js';
import { Registry } from '../../admin/servers/registry.js';
import { WallTimes } from '../../transport/wall-times.js';
import { Discovery } from './discovery.js';
import { DiscoveredServers } from './discovered-servers.js';

const ENTRY: DiscoveryConfig = {
  question: { kind: 'host', name: 'tritons.example', port: 8001 },
  ...{ http: null, metrics: null, labels: {}, leaveSeconds: 60 },
};
const ID = '10.0.0.7-8001';
const NOTHING_TOLD: DeclaredServer = { revision: 1, spec: null, drain: null };

describe('what a webhook said of the end of a server that DNS tells of', () => {
  let driver: CoreDriver;
  let registry: Registry;
  let links: Links;
  let times: WallTimes;
  let discovery: Discovery;

  function begin(told: readonly [string, DeclaredServer][]): Promise<void> {
    driver = new CoreDriver();
    const { fleet } = driver;
    const now = (): number => driver.now;
    times = new WallTimes(now, now);
    const engine = {
      ...{ fleet, now, tell: driver.tell.bind(driver), late: { forget: () => [] } },
      addServer: ({ id }: { id: string }) => driver.tell({ kind: 'ServerDeclared', server: aServer(id) }),
      removeServer: (server: never) => driver.tell({ kind: 'ServerWithdrawn', server }),
    } as never;
    registry = new Registry([], new Map(told));
    links = new Links(engine, () => ({}) as never, { forget: () => undefined } as never);
    const discovered = new DiscoveredServers();
    const names = new FakeNames();
    names.publish({ a: { 'tritons.example': ['10.0.0.7'] } });
    const metrics = { found: () => undefined, asked: () => undefined } as never;
    const log = { info: () => undefined, warn: () => undefined } as never;
    const removal = new ServerRemoval(engine, registry, links, times, (id) => discovered.release(id));
    discovery = new Discovery({ engine, registry, links, removal, times, names, discovered, metrics, log });
    discovery.take([ENTRY]);
    discovery.begin();
    return discovery.ask();
  }

  const server = () => [...driver.fleet.servers.values()][0];
  function told(next: DeclaredServer): void {
    registry.set(ID, next);
    links.follow(registry.get(ID)!, times);
    discovery.followDeclared();
  }

  beforeEach(() => begin([]));

  it('holds where it has left: it is listed, and asked for nothing, until it joined again', () => {
    expect(server()).toMatchObject({ spec: { id: ID } });
    told({ ...NOTHING_TOLD, end: { said: 'left' } });
    expect([registry.get(ID)?.hasLeft, server()?.spec.id]).toEqual([true, undefined]);
    told({ ...NOTHING_TOLD, revision: 2 });
    expect(server()).toMatchObject({ spec: { id: ID }, drain: null });
  });

  it('holds after a restart where it has left', async () => {
    await begin([[ID, { ...NOTHING_TOLD, end: { said: 'left' } }]]);
    expect([registry.get(ID)?.source, server()?.spec.id]).toEqual(['discovered', undefined]);
  });

  it('holds after a restart where it leaves, also where DNS answers late', async () => {
    await begin([[ID, { ...NOTHING_TOLD, end: { said: 'leaving', deadline: null } }]]);
    expect(server()?.drain).toMatchObject({ deadline: null });
  });
});
