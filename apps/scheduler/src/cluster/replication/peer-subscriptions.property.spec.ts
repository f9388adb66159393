import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ModelId, ReplicaId } from '#core';
import { type FollowingPeer, WatchedCore } from '../../../../../test/support/watched-core.js';

const model = fc.constantFrom('a', 'b', 'c');
const peer = fc.constantFrom(0 as const, 1 as const);

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        millis: fc.integer({ min: 1, max: 4_000 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        millis: fc.integer({ min: 10_000, max: 60_000 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        peer,
        model,
        lease: fc.integer({ min: 0, max: 10_000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('unload' as const), model, isForced: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('load' as const), model }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('cut' as const, 'heal' as const, 'reopen' as const, 'restart' as const),
        peer,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('slow' as const),
        peer,
        latency: fc.integer({ min: 0, max: 8_000 }),
      }),
    },
  ),
  { maxLength: 60 },
);

type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

/** What an unload broke: a route that a peer may still give, or a lease that it gave. */
function broken(
  peers: readonly FollowingPeer[],
  now: number,
  replica: ReplicaId,
  isForced: boolean,
): string[] {
  return peers.flatMap((peer) => {
    const { name, leases } = peer;
    const routes = peer.routesTo(replica) ? [`${name} routes to ${replica}`] : [];
    const leased = leases.some((lease) => lease.replica === replica && lease.until > now);
    return leased && !isForced ? [...routes, `${name} has a lease on ${replica}`] : routes;
  });
}

function play(script: readonly Step[]): string[] {
  const found: string[] = [];
  const core: WatchedCore = new WatchedCore((replica, isForced) =>
    found.push(...broken(core.peers, core.now, replica, isForced)),
  );
  for (const id of ['a', 'b', 'c']) load(core, id);
  core.pass(2_000);
  for (const one of script) take(core, one);
  return found;
}

const load = (core: WatchedCore, id: string): void =>
  core.tell({ kind: 'LoadOrdered', model: id as ModelId, until: core.now + 60_000 });

function take(core: WatchedCore, one: Step): void {
  switch (one.kind) {
    case 'pass':
      return core.pass(one.millis);
    case 'ask':
      return core.peers[one.peer]!.ask(one.model, one.lease);
    case 'unload':
      return core.tell({ kind: 'UnloadOrdered', model: one.model as ModelId, force: one.isForced });
    case 'load':
      return load(core, one.model);
    case 'cut':
      core.peers[one.peer]!.isCut = true;
      return;
    case 'heal':
      core.peers[one.peer]!.isCut = false;
      return core.peers[one.peer]!.reopen();
    case 'reopen':
      return core.peers[one.peer]!.reopen();
    case 'restart':
      return core.peers[one.peer]!.restart();
    case 'slow':
      core.peers[one.peer]!.latency = one.latency;
  }
}

describe('a leader with peers that follow', () => {
  it('orders no unload beside a route that a peer may give, nor beside a lease that it gave', () => {
    fc.assert(fc.property(steps, (script) => expect(play(script)).toEqual([])));
  });

  it('unloads as soon as all peers have acknowledged, and where one is silent once nothing of it counts', () => {
    const unloaded: number[] = [];
    const core: WatchedCore = new WatchedCore(() => unloaded.push(core.now));
    load(core, 'a');
    core.pass(2_000);
    const began = core.now;
    core.tell({ kind: 'UnloadOrdered', model: 'a' as ModelId, force: true });
    core.pass(100);
    expect(unloaded.map((at) => at - began)).toEqual([expect.any(Number)]);
    expect(unloaded[0]! - began).toBeLessThanOrEqual(10);
    load(core, 'a');
    core.pass(2_000);
    core.peers[0]!.isCut = true;
    const cutAt = core.now;
    core.tell({ kind: 'UnloadOrdered', model: 'a' as ModelId, force: true });
    core.pass(38_000);
    expect(unloaded).toHaveLength(1);
    core.pass(3_000);
    expect(unloaded).toHaveLength(2);
    expect(core.peers[0]!.routesTo('a@s' as ReplicaId)).toBe(false);
    expect(unloaded[1]! - cutAt).toBeGreaterThan(38_000);
  });

  it('is acknowledged again by a peer that comes back within its time', () => {
    const unloaded: number[] = [];
    const core: WatchedCore = new WatchedCore(() => unloaded.push(core.now));
    load(core, 'a');
    core.pass(2_000);
    core.peers[1]!.isCut = true;
    core.tell({ kind: 'UnloadOrdered', model: 'a' as ModelId, force: true });
    core.pass(5_000);
    expect(unloaded).toEqual([]);
    core.peers[1]!.isCut = false;
    core.peers[1]!.reopen();
    core.pass(100);
    expect(unloaded).toHaveLength(1);
  });
});
