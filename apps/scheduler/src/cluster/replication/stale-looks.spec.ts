import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Look, ModelId, ServerId } from '#core';
import type { RouteServerMessage } from '#contracts';
import type { ModelServer } from '#engine';
import { StaleLooks } from './stale-looks.js';

const BOUND = 30_000;
/** Looks begin at this age of a table. */
const DUE = BOUND - 6_000;

/** A server of which a look is answered when the test says so. */
class FakeServer {
  readonly asked: string[] = [];
  isClosed = false;
  private readonly pending: { resolve: (look: Look) => void; reject: (error: Error) => void }[] = [];

  constructor(
    readonly address: string,
    private readonly now: () => number,
  ) {}

  get link(): ModelServer {
    const look = (scope: string): Promise<Look> => {
      this.asked.push(scope);
      const begunAt = this.now();
      return new Promise((resolve, reject) =>
        this.pending.push({ resolve: (given) => resolve({ ...given, begunAt }), reject }),
      );
    };
    return { look, watch: () => undefined, close: () => (this.isClosed = true) } as unknown as ModelServer;
  }

  /** Answers the oldest look: these models serve. */
  async serve(...models: string[]): Promise<void> {
    const serving = models.map((model) => ({ model: model as ModelId }));
    this.pending.shift()!.resolve({ serving } as unknown as Look);
    await nextTurn();
  }

  async fail(): Promise<void> {
    this.pending.shift()!.reject(new Error('refused'));
    await nextTurn();
  }
}

describe('the looks of a peer whose table is out of date', () => {
  let now: number;
  let age: number;
  /** The address of each server of the table. */
  let table: Map<ServerId, string>;
  let opened: FakeServer[];
  let looks: StaleLooks;

  beforeEach(() => {
    [now, age, opened] = [100_000, DUE + 1, []];
    table = new Map([['s' as ServerId, 's:1']]);
    looks = new StaleLooks({
      clock: { now: () => now },
      table: {
        get age() {
          return age;
        },
        get servers() {
          return table;
        },
        routeServer: (id) => ({ id, grpc: table.get(id as ServerId) ?? '', http: null, labels: {} }),
      },
      bound: BOUND,
      open: ({ grpc }: RouteServerMessage) => {
        const server = new FakeServer(grpc, () => now);
        opened.push(server);
        return server.link;
      },
    });
  });

  const isShown = (model = 'm', server = 's'): boolean => looks.isShown(model as ModelId, server as ServerId);

  const asked = (): number => opened.reduce((sum, { asked }) => sum + asked.length, 0);

  it('begin 6 s before the bound, not where there never was a table, and end once the leader is heard', () => {
    for (const early of [0, DUE, Infinity]) {
      age = early;
      looks.tick();
    }
    expect(opened).toEqual([]);
    age = DUE + 1;
    looks.tick();
    expect([asked(), opened[0]!.asked, opened[0]!.isClosed]).toEqual([1, ['statistics'], false]);
    age = 0;
    looks.tick();
    expect([opened[0]!.isClosed, isShown()]).toEqual([true, false]);
  });

  it('show what serves, for 5 s from when they began', async () => {
    looks.tick();
    now += 1_000;
    await opened[0]!.serve('m');
    expect([isShown(), isShown('n'), isShown('m', 'other')]).toEqual([true, false, false]);
    now += 4_000;
    expect(isShown()).toBe(true);
    now += 1;
    expect(isShown()).toBe(false);
  });

  it('are taken every 2 s, of each server one at a time', async () => {
    looks.tick();
    now += 2_000;
    looks.tick();
    expect(asked()).toBe(1);
    await opened[0]!.serve('m');
    looks.tick();
    await opened[0]!.serve();
    expect([asked(), isShown()]).toEqual([2, false]);
    now += 1_999;
    looks.tick();
    expect(asked()).toBe(2);
    now += 1;
    looks.tick();
    expect(asked()).toBe(3);
  });

  it('show nothing where they fail, and take nothing back that is young enough', async () => {
    looks.tick();
    await opened[0]!.fail();
    expect(isShown()).toBe(false);
    now += 2_000;
    looks.tick();
    await opened[0]!.serve('m');
    now += 2_000;
    looks.tick();
    await opened[0]!.fail();
    expect([isShown(), opened.length]).toEqual([true, 1]);
    now += 3_001;
    expect(isShown()).toBe(false);
  });

  it('are 16 at a time; the others follow as these are answered', async () => {
    table = new Map(Array.from({ length: 40 }, (_, nth) => [`s${nth}` as ServerId, `s${nth}:1`]));
    looks.tick();
    looks.tick();
    expect(asked()).toBe(16);
    for (const server of opened.slice(0, 4)) await server.serve('m');
    looks.tick();
    expect(asked()).toBe(20);
    expect([isShown('m', 's3'), isShown('m', 's16')]).toEqual([true, false]);
    for (const server of opened.slice(4, 20)) await server.fail();
    looks.tick();
    expect(asked()).toBe(36);
    expect(new Set(opened.map(({ address }) => address)).size).toBe(36);
  });

  it('are taken anew where the address of a server has changed, and forgotten where it is gone', async () => {
    looks.tick();
    await opened[0]!.serve('m');
    table.set('s' as ServerId, 's:2');
    looks.tick();
    expect([opened.map(({ address }) => address), opened[0]!.isClosed]).toEqual([['s:1', 's:2'], true]);
    expect(isShown()).toBe(false);
    await opened[1]!.serve('m');
    expect(isShown()).toBe(true);
    table.clear();
    looks.tick();
    expect([opened[1]!.isClosed, isShown()]).toEqual([true, false]);
  });
});
