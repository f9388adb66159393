import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Event, ServerId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import type { ServersWanted } from '../scaling/scaling-numbers.js';
import { EventsOfTurns } from './events-of-turns.js';
import type { Draft } from './outgoing.js';

describe('events of turns', () => {
  let driver: CoreDriver;
  let drafts: Draft[];
  let events: EventsOfTurns;
  let wanted: ServersWanted | null;
  let isOn: boolean;

  beforeEach(() => {
    driver = new CoreDriver();
    [drafts, wanted, isOn] = [[], null, true];
    const told = {
      get isOn() {
        return isOn;
      },
      take: (some: readonly Draft[]) => void drafts.push(...some),
    };
    events = new EventsOfTurns(told, () => wanted);
    driver.declare(aModel('a'), aModel('b', { gpuBytes: 8 })).serve(aServer('s'), ['a', 'b']);
  });

  /** Has the observer see what the driver did since, and these events beside. */
  function seen(...happened: Event[]): Draft[] {
    drafts = [];
    const actions = driver.log.splice(0);
    events.turnTaken({ events: happened, actions, now: driver.now, took: 0 }, driver.fleet);
    return drafts;
  }

  /** Tells the core, and then the observer, of the same. */
  function happens(...happened: Event[]): Draft[] {
    driver.tell(...happened);
    return seen(...happened);
  }

  const contact = (fact: 'ended' | 'connected'): Event => {
    return { kind: 'ContactChanged', server: 's' as ServerId, fact };
  };

  it('are none without endpoints', () => {
    isOn = false;
    driver.resolve('a');
    expect(seen()).toEqual([]);
  });

  it('tell of a load that a request asked for, and not of one that is ordered', () => {
    driver.resolve('a');
    const data = { model: 'a', server: 's', cause: 'asked' };
    expect(seen()).toEqual([{ type: 'model.cold_start', subject: 'model/a', data }]);
    driver.loadEnds('a', 's');
    expect(seen()).toEqual([]);
  });

  it('tell of a load that failed', () => {
    driver.resolve('a');
    const [load] = driver.log.filter((action) => action.kind === 'load');
    seen();
    const outcome = { kind: 'failed', cause: 'configuration' } as const;
    const data = { model: 'a', server: 's', cause: 'configuration' };
    const ended: Event = { kind: 'LoadEnded', order: load!.order, replica: load!.replica, outcome };
    expect(happens(ended)).toEqual([{ type: 'model.load_failed', subject: 'model/a', data }]);
  });

  it('tell of a copy that leaves so that another model has room', () => {
    driver.warm('a', 's').pass(30_000);
    seen();
    driver.resolve('b');
    driver.pass(30_000);
    const data = { model: 'a', server: 's', for: 'b' };
    expect(seen()).toContainEqual({ type: 'model.evicted', subject: 'model/a', data });
  });

  it('tell once that a server is lost, and once that it is ready again', () => {
    seen();
    happens(contact('ended'));
    driver.pass(2_500);
    const data = { server: 's' };
    expect(seen()).toEqual([{ type: 'server.lost', subject: 'server/s', data }]);
    expect(seen()).toEqual([]);
    driver.tell(contact('connected'));
    expect(seen()).toEqual([{ type: 'server.recovered', subject: 'server/s', data }]);
    expect(seen()).toEqual([]);
  });

  it('tell once that a drain is done, and of the next drain again', () => {
    const drain: Event = { kind: 'DrainOrdered', server: 's' as ServerId, deadline: null };
    const drained = { type: 'server.drained', subject: 'server/s', data: { server: 's' } };
    expect(happens(drain)).toEqual([drained]);
    expect(seen()).toEqual([]);
    expect(happens({ kind: 'DrainEnded', server: 's' as ServerId })).toEqual([]);
    expect(happens(drain)).toEqual([drained]);
  });

  it('forget a server that is forgotten', () => {
    happens({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    happens({ kind: 'ServerWithdrawn', server: 's' as ServerId });
    driver.serve(aServer('s'), ['a']);
    expect(happens({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null })).toHaveLength(1);
  });

  it('tell once that more is held on a device than is left', () => {
    const look = (used: number): Draft[] => {
      driver.shelf('s').gpus = [{ uuid: 's-0', memory: 10, used }];
      driver.pass(25_000);
      const told = { ...driver.shelf('s').look(driver.now, 'full', false) };
      return seen({ kind: 'Looked', server: 's' as ServerId, look: told });
    };
    look(0);
    driver.declare(aModel('a', { idleUnload: null })).warm('a', 's');
    look(1);
    expect([look(9), look(9)]).toEqual([
      [
        {
          type: 'device.overcommitted',
          subject: 'server/s',
          data: { server: 's', device: 0, capacityMb: 0, heldMb: 0 },
        },
      ],
      [],
    ]);
  });

  it('tell what the fleet needs, which is worked out every 5 s at most', () => {
    wanted = { wanted: 3, present: 1 };
    expect(seen()).toMatchObject([{ type: 'fleet.pressure', subject: 'fleet' }]);
    wanted = { wanted: 4, present: 1 };
    expect(seen()).toEqual([]);
    driver.pass(5_000);
    expect(seen()).toMatchObject([{ type: 'fleet.pressure' }]);
  });
});
