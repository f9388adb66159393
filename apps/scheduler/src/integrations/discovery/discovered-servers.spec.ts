import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DiscoveryConfig } from '#config';
import { DiscoveredServers } from './discovered-servers.js';
import { serverIdAt } from './found-server.js';

const entryFor = (name: string, more: Partial<DiscoveryConfig> = {}): DiscoveryConfig => ({
  question: { kind: 'srv', name },
  http: 8000,
  metrics: 8002,
  labels: { zone: name },
  leaveSeconds: 60,
  ...more,
});

const A = entryFor('a');
const B = entryFor('b');
const places = (...hosts: string[]) => hosts.map((host) => ({ host, port: 8001 }));

describe('servers found by DNS', () => {
  let discovered: DiscoveredServers;
  let now: number;

  beforeEach(() => {
    discovered = new DiscoveredServers(5);
    discovered.configure([A, B]);
    now = 0;
  });

  /** An answer 10 s after the one before. */
  const answer = (entry: DiscoveryConfig, ...hosts: string[]) =>
    discovered.answered(entry, places(...hosts), (now += 10_000));

  /** The servers, each with how long it has to leave. */
  const servers = () =>
    Object.fromEntries(discovered.servers().map(({ config, leaveMs }) => [config.id, leaveMs]));

  it('are told as they are declared: by target and port', () => {
    expect(answer(A, 'Triton-0.ml.')).toMatchObject({ found: ['triton-0.ml-8001'] });
    expect(discovered.servers()).toMatchObject([
      {
        config: {
          id: 'triton-0.ml-8001',
          origin: 'discovered',
          host: 'triton-0.ml',
          grpc: 'triton-0.ml:8001',
          http: 'http://triton-0.ml:8000',
          metrics: 'http://triton-0.ml:8002/metrics',
          labels: { zone: 'a' },
        },
        leaveMs: null,
      },
    ]);
  });

  it('leave once two answers in a row lack them, and come back', () => {
    answer(A, 'x', 'y', 'z');
    expect(answer(A, 'x', 'y')).toMatchObject({ missing: ['z-8001'], leaving: [] });
    answer(A, 'x', 'y', 'z');
    expect(answer(A, 'x', 'y')).toMatchObject({ leaving: [] });
    expect(answer(A, 'x', 'y')).toMatchObject({ leaving: ['z-8001'], isMost: false });
    expect(servers()).toEqual({ 'x-8001': null, 'y-8001': null, 'z-8001': 60_000 });
    expect(answer(A, 'x', 'y', 'z')).toMatchObject({ found: ['z-8001'] });
    expect(servers()).toMatchObject({ 'z-8001': null });
  });

  it('stay where more than half vanish at once, until they have been gone for leaveSeconds', () => {
    answer(A, 'x', 'y', 'z');
    expect(answer(A)).toMatchObject({ isMost: true, missing: ['x-8001', 'y-8001', 'z-8001'] });
    for (let nth = 0; nth < 5; nth += 1) expect(answer(A)).toMatchObject({ leaving: [] });
    expect(answer(A)).toMatchObject({ leaving: ['x-8001', 'y-8001', 'z-8001'] });
  });

  it('stay so, too, where some of them come back before the others', () => {
    answer(A, 'w', 'x', 'y', 'z');
    answer(A, 'w');
    expect(answer(A, 'w', 'x', 'y')).toMatchObject({ leaving: [] });
    expect(answer(A, 'w', 'x', 'y')).toMatchObject({ leaving: [] });
    for (let nth = 0; nth < 3; nth += 1) answer(A, 'w', 'x', 'y');
    expect(answer(A, 'w', 'x', 'y')).toMatchObject({ leaving: ['z-8001'] });
  });

  it('are forgotten once they were let go', () => {
    answer(A, 'x', 'y', 'z');
    answer(A, 'x', 'y');
    answer(A, 'x', 'y');
    discovered.release('z-8001');
    expect(servers()).toEqual({ 'x-8001': null, 'y-8001': null });
    expect(discovered.counts()).toEqual({ present: 2, missing: 0, leaving: 0 });
  });

  it('are one server where two names tell of it, for as long as one of them does', () => {
    answer(A, 'x', 'y', 'z');
    answer(B, 'z');
    expect(discovered.servers()).toHaveLength(3);
    answer(A, 'x', 'y');
    answer(A, 'x', 'y');
    expect(discovered.servers().find(({ config }) => config.id === 'z-8001')).toMatchObject({
      config: { labels: { zone: 'b' } },
      leaveMs: null,
    });
    expect(discovered.counts()).toEqual({ present: 3, missing: 0, leaving: 0 });
  });

  it('leave where the configuration does not ask for their name any more', () => {
    answer(A, 'x');
    answer(B, 'y');
    discovered.configure([B]);
    expect(servers()).toEqual({ 'x-8001': 60_000, 'y-8001': null });
    expect(answer(A, 'x')).toMatchObject({ found: [] });
    discovered.configure([A, B]);
    expect(servers()).toMatchObject({ 'x-8001': 60_000 });
    answer(A, 'x');
    expect(servers()).toMatchObject({ 'x-8001': null });
    discovered.release('x-8001');
    expect(servers()).toEqual({ 'y-8001': null });
  });

  it('take up other labels and ports of their entry, and stay the same objects where nothing changed', () => {
    answer(A, 'x');
    const [before] = discovered.servers();
    discovered.configure([{ ...A, leaveSeconds: 1 }, B]);
    expect(discovered.servers()[0]!.config).toBe(before!.config);
    discovered.configure([entryFor('a', { http: null, metrics: null, labels: {} })]);
    expect(discovered.servers()).toMatchObject([{ config: { http: null, metrics: null, labels: {} } }]);
  });

  it('are within a bound, and those known stay before others come', () => {
    expect(answer(A, 'g', 'f', 'e', 'd', 'c', 'b', 'a')).toMatchObject({ leftOut: 2 });
    const first = servers();
    expect(Object.keys(first).toSorted()).toEqual(['a-8001', 'b-8001', 'c-8001', 'd-8001', 'e-8001']);
    expect(answer(A, '0', '1', 'e', 'd', 'c', 'b', 'a')).toMatchObject({ found: [], leftOut: 2 });
    expect(answer(B, 'y', 'a')).toMatchObject({ found: ['a-8001'], leftOut: 1 });
    expect([servers(), discovered.leftOut()]).toEqual([first, 3]);
  });

  it('take 10,000 names for what they are: too many', () => {
    const many = new DiscoveredServers();
    many.configure([A]);
    const hosts = Array.from({ length: 10_000 }, (_, nth) => `n${nth}.example`);
    expect(many.answered(A, places(...hosts), 0)).toMatchObject({ leftOut: 9_000 });
    expect(many.answered(A, places(...hosts.reverse()), 1)).toMatchObject({ found: [], missing: [] });
    expect(many.servers()).toHaveLength(1_000);
  });

  it('are no servers where they are malformed; a root target says that there is none', () => {
    const odd = [
      { host: '', port: 0 },
      { host: 'x', port: 0 },
      { host: 'a b', port: 1 },
      { host: '1.2.3', port: 1 },
      { host: 'y'.repeat(300), port: 1 },
    ];
    expect(discovered.answered(A, odd, 0)).toMatchObject({ found: [], leftOut: 4 });
  });

  it('are incomplete until each name was answered, and settled after leaveSeconds more', () => {
    answer(A);
    expect([discovered.isIncomplete(), discovered.isSettled(Infinity)]).toEqual([true, false]);
    answer(B);
    expect([discovered.isIncomplete(), discovered.isSettled(now)]).toEqual([false, false]);
    expect(discovered.isSettled(now + 60_000)).toBe(true);
  });

  it('have ids that are names of servers, and that differ', () => {
    const hosts = [
      '10.0.0.1',
      '::1',
      'fd00::1',
      '_x.y',
      'x.y',
      `${'long.'.repeat(40)}a`,
      `${'long.'.repeat(40)}b`,
    ];
    const ids = hosts.map((host) => serverIdAt({ host, port: 1 }));
    expect(ids.slice(0, 3)).toEqual(['10.0.0.1-1', 'ip6---1-1', 'ip6-fd00--1-1']);
    expect(new Set(ids).size).toBe(hosts.length);
    for (const id of ids) expect(id).toMatch(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
  });
});
