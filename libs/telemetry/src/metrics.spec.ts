import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  emptyFleet,
  type Event,
  type Action,
  type Fleet,
  type ModelId,
  type OrderId,
  type ReplicaId,
  type ServerId,
} from '#core';
import { Metrics } from './metrics.js';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Names, OTHER } from './names.js';

const order = 'o1' as OrderId;
const replica = 'm@a' as ReplicaId;
const model = 'm' as ModelId;
const server = 'a' as ServerId;

describe('the metrics', () => {
  let metrics: Metrics;
  let fleet: Fleet;
  let now: number;

  beforeEach(() => {
    now = 5_000;
    metrics = new Metrics({ now: () => now });
    metrics.begin({ term: 7, isStoreOk: () => true });
    fleet = emptyFleet();
  });

  const read = async (): Promise<string> => String(await metrics.text());

  const turn = (now: number, events: readonly Event[], actions: readonly Action[]): void =>
    metrics.turnTaken({ events, actions, now, took: 1 }, fleet);

  it('time a load from its order to its report', async () => {
    const load = { order, replica, model, server, config: null, timeout: 1, coLoaded: [] };
    turn(1_000, [], [{ kind: 'load', ...load, cause: 'asked' }]);
    turn(3_500, [{ kind: 'LoadEnded', order, replica, outcome: { kind: 'unknown' } }], []);
    const text = await read();
    expect(text).toContain('berth_load_seconds_sum{outcome="unknown"} 2.5');
    expect(text).toContain('berth_turn_seconds_count 2');
  });

  it('count unloads by cause, refusals by reason and answers by result', async () => {
    const unload = { order, replica, model, server, cause: 'evicted', makesRoomFor: null } as const;
    const refusal = { reason: 'queue_full', retryAfter: 1 } as const;
    turn(
      0,
      [],
      [
        { kind: 'unload', ...unload },
        { kind: 'refuse', request: 'r' as never, refusal },
      ],
    );
    metrics.resolve.resolved('routed', false, 1);
    metrics.resolve.resolved('queue_full', true, 1);
    const text = await read();
    expect(text).toContain('berth_evictions_total{cause="evicted"} 1');
    expect(text).toContain('berth_queue_refused_total{reason="queue_full"} 1');
    expect(text).toContain('berth_resolve_total{result="routed"} 1');
    expect(text).toContain('berth_resolve_total{result="queue_full"} 1');
  });

  it('count resolve calls into the buckets up to which they took', async () => {
    for (const took of [0.1, 0.125, 1, 400_000]) metrics.resolve.resolved('routed', false, took);
    const lines = (await read()).split('\n').filter((line) => line.startsWith('berth_resolve_seconds'));
    expect(lines).toHaveLength(16);
    expect(lines.slice(0, 2)).toEqual([
      'berth_resolve_seconds_bucket{le="0.0001",cold="false"} 1',
      'berth_resolve_seconds_bucket{le="0.001",cold="false"} 3',
    ]);
    expect(lines.slice(-4)).toEqual([
      'berth_resolve_seconds_bucket{le="300",cold="false"} 3',
      'berth_resolve_seconds_bucket{le="+Inf",cold="false"} 4',
      'berth_resolve_seconds_sum{cold="false"} 400.001225',
      'berth_resolve_seconds_count{cold="false"} 4',
    ]);
  });

  it('read the gauges off the fleet as it is', async () => {
    turn(0, [], []);
    expect(await read()).toMatch(/^berth_term 7$/m);
    expect(await read()).toMatch(/^berth_replicas\{phase="ready"\} 0$/m);
  });

  it('are made once a second, for all callers of that second and all that come meanwhile', async () => {
    let pauses = 0;
    let goOn = (): void => undefined;
    metrics = new Metrics({
      now: () => now,
      pause: () => ((pauses += 1), new Promise((resolve) => (goOn = resolve))),
    });
    const first = metrics.text();
    await nextTurn();
    now += 5_000;
    const meanwhile = Array.from({ length: 150 }, () => metrics.text());
    expect(pauses).toBe(1);
    let isMade = false;
    void first.then(() => (isMade = true));
    for (; !isMade; await nextTurn()) goOn();
    for (const text of meanwhile) expect(await text).toBe(await first);
    const made = pauses;
    now += 1;
    void metrics.text();
    await nextTurn();
    expect(pauses).toBe(made + 1);
  });

  it('tell for how long a server has been declared that was never looked at, and the age of the last look else', async () => {
    const driver = new CoreDriver().serve(aServer('seen'), []);
    driver.fleet.servers.get(aServer('seen').id)!.lookedAt = 4_000;
    driver.tell({ kind: 'ServerDeclared', server: aServer('down') });
    const declared = { kind: 'ServerDeclared', server: aServer('down') } as const;
    metrics.turnTaken({ events: [declared], actions: [], now: 2_000, took: 1 }, driver.fleet);
    metrics.turnTaken({ events: [declared], actions: [], now: 3_000, took: 1 }, driver.fleet);
    expect((await read()).match(/(?<=^berth_observation_age_seconds)\{.*$/gm)).toEqual([
      '{server="seen"} 1',
      '{server="down"} 3',
    ]);
  });

  it('count the moments at which the core did not come to rest', async () => {
    const turn = { events: [], actions: [], now: 1, took: 1 };
    for (const isAtRest of [true, false]) metrics.turnTaken({ ...turn, isAtRest }, new CoreDriver().fleet);
    expect(await read()).toContain('berth_restless_turns_total 1');
  });

  it('tell how many copies of a model are wanted, and how many are ready', async () => {
    const driver = new CoreDriver()
      .declare(aModel('m', { minCopies: 2 }), aModel('idle'), aModel('off', { minCopies: 1, enabled: false }))
      .serve(aServer('a', [10]), ['m', 'idle', 'off']);
    driver.loadEnds('m', 'a');
    metrics.turnTaken({ events: [], actions: [], now: driver.now, took: 1 }, driver.fleet);
    expect((await read()).match(/(?<=^berth_model_copies)\{.*$/gm)).toEqual([
      '{model="m",kind="wanted"} 2',
      '{model="m",kind="ready"} 1',
      '{model="idle",kind="wanted"} 0',
      '{model="idle",kind="ready"} 0',
      '{model="off",kind="wanted"} 0',
      '{model="off",kind="ready"} 0',
    ]);
    driver.resolve('idle', { wait: 60_000 });
    now += 1_000;
    expect(await read()).toContain('berth_model_copies{model="idle",kind="wanted"} 1');
  });

  it('tell the memory of each host where it is enforced, once for all of its servers', async () => {
    const driver = new CoreDriver()
      .declare(aModel('m', { hostBytes: 3 }))
      .serve(aServer('a', [10], { host: 'h', hostMemory: 10 }), ['m'])
      .serve(aServer('b', [10], { host: 'h', hostMemory: 10 }), [])
      .serve(aServer('c', [10]), [])
      .warm('m', 'a');
    metrics.turnTaken({ events: [], actions: [], now: driver.now, took: 1 }, driver.fleet);
    expect((await read()).match(/(?<=^berth_host_memory_bytes)\{.*$/gm)).toEqual([
      '{host="h",kind="capacity"} 10',
      '{host="h",kind="held"} 3',
      '{host="h",kind="promised"} 0',
    ]);
  });

  it('name a model once those before it have gone', async () => {
    turn(0, [], []);
    const declare = (id: string) => fleet.models.set(id as ModelId, { id, gpuBytes: 1 } as never);
    for (let index = 0; index <= 5_000; index += 1) declare(`m${index}`);
    expect(await read()).toContain('berth_model_memory_bytes{model="_other",kind="limit"} 1');
    fleet.models.clear();
    declare('late');
    now += 1_000;
    expect(await read()).toContain('berth_model_memory_bytes{model="late",kind="limit"} 1');
  });

  it('have at most so many model names, and one name for the rest', () => {
    const names = new Names(2);
    expect(['a', 'b', 'c', 'a', 'd'].map((name) => names.told(name))).toEqual(['a', 'b', OTHER, 'a', OTHER]);
  });
});
