import { describe, expect, it } from '@jest/globals';
import type { ActionOf, Event, EventOf, ModelId, OrderId, ReplicaId, ServerId } from '#core';
import { Shelf } from '../support/shelf.js';
import { PLAIN, type Truth } from './virtual-memory.js';
import { VirtualServers } from './virtual-servers.js';

const SERVER = 't0' as ServerId;
const LOAD_MS = 400;
const PACE = { load: () => LOAD_MS, unload: 300, grain: 1 };

const serversOf = (parts: Partial<Truth> = {}): VirtualServers => {
  const truth = { ...PLAIN, gpus: () => [100], takes: () => 60, ...parts };
  return VirtualServers.of(new Map([[SERVER, new Shelf(['a', 'b'])]]), truth, PACE);
};

const order = (model: string) => ({
  ...{ order: `o-${model}` as OrderId, replica: `${model}@t0` as ReplicaId },
  ...{ model: model as ModelId, server: SERVER },
});
const load = (model: string): ActionOf<'load'> => ({
  ...{ ...order(model), kind: 'load', config: { base: '{}', gpus: [0] }, timeout: 60_000 },
  ...{ coLoaded: [], cause: 'demand' },
});
const unload = (model: string): ActionOf<'unload'> => ({
  ...{ ...order(model), kind: 'unload', cause: 'evicted', makesRoomFor: null },
});

/** What is heard until then, with the moments. */
function heard(servers: VirtualServers, from: number, to: number): (Event & { at: number })[] {
  const all: (Event & { at: number })[] = [];
  for (let at = from; at < to; at += 1) all.push(...servers.eventsAt(at).map((event) => ({ ...event, at })));
  return all;
}

const isLoadEnd = <Heard extends Event>(event: Heard): event is Heard & EventOf<'LoadEnded'> =>
  event.kind === 'LoadEnded';

describe('virtual servers', () => {
  it('let a load run out half way where its memory does not fit', () => {
    const servers = serversOf();
    servers.carryOut(load('a'), 0);
    servers.carryOut(load('b'), 0);
    const ends = heard(servers, 0, LOAD_MS + 1).filter(isLoadEnd);
    expect(ends).toMatchObject([
      { at: LOAD_MS / 2, replica: 'b@t0', outcome: { kind: 'failed', cause: 'capacity' } },
      { at: LOAD_MS, replica: 'a@t0', outcome: { kind: 'succeeded' } },
    ]);
  });

  it('free the memory of a copy once it has left, or later', () => {
    for (const [late, isServed] of [
      [0, true],
      [1_000, false],
    ] as const) {
      const servers = serversOf({ late });
      servers.carryOut(load('a'), 0);
      heard(servers, 0, 500);
      servers.carryOut(unload('a'), 500);
      heard(servers, 500, 1_000);
      servers.carryOut(load('b'), 1_000);
      const [end] = heard(servers, 1_000, 2_000).filter(isLoadEnd);
      expect(end!.outcome.kind === 'succeeded').toBe(isServed);
    }
  });

  it('show their metrics in a look, and none while these are silent', () => {
    for (const isSilent of [false, true]) {
      const servers = serversOf({ isSilent: () => isSilent });
      servers.carryOut({ kind: 'look', server: SERVER, scope: 'full', probeMode: false }, 0);
      const looks = heard(servers, 0, 100).filter((event) => event.kind === 'Looked');
      const gpus = [{ uuid: 't0-0', memory: 100, used: 0 }];
      expect(looks.map(({ look }) => look.metrics?.gpus ?? null)).toEqual([isSilent ? null : gpus]);
    }
  });
});
