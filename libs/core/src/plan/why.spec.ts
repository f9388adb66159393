import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, Why } from '../index.js';
import { whyOf } from '../index.js';
import { meterOf } from '../fleet/meter.js';

const why = (driver: CoreDriver, model: string): Why =>
  whyOf(driver.fleet, model as ModelId, new Now(driver.now));

/** Two models of 6 on a GPU of 10, one of them warm. */
const oneWarm = (parts: Parameters<typeof aModel>[1] = {}): CoreDriver =>
  new CoreDriver()
    .declare(aModel('here', { gpuBytes: 6, ...parts }), aModel('there', { gpuBytes: 6 }))
    .serve(aServer('s', [10]), ['here', 'there'])
    .warm('here', 's');

describe('why a model is where it is', () => {
  it('is answered for an unknown model', () => {
    expect(why(oneWarm(), 'nobody')).toEqual({
      model: 'nobody',
      source: null,
      enabled: false,
      state: 'absent',
      demand: {
        ...{ pinnedCopies: 0, presentCopies: 0, waiting: [] },
        ...{ bestEffort: null, lacksSince: null, wait: null },
      },
      here: [],
      there: [],
      refusal: 'unknown_model',
      lastFailure: null,
      nextTryAt: null,
      lastUnload: null,
      predictedWait: null,
    });
  });

  it('tells until when a copy is in use, and when it is idle', () => {
    const driver = oneWarm({ idleUnload: 60_000, minResidency: 20_000 });
    const { state, here, there } = why(driver, 'here');
    expect(state).toBe('ready');
    expect(there.map(({ verdict }) => verdict)).toEqual(['holds']);
    expect(here).toEqual([
      {
        replica: 'here@s',
        server: 's',
        devices: [0],
        phase: 'ready',
        since: driver.now,
        until: driver.now + 60_000,
        bookings: [
          { account: 'gpu:s/0', bytes: 6 },
          { account: 'host:s', bytes: 0 },
        ],
        flags: [],
        holds: [
          { kind: 'residency', until: driver.now + 20_000 },
          { kind: 'in_use', until: driver.now + 10_000 },
        ],
        failures: null,
        leaving: null,
      },
    ]);
  });

  it('tells in numbers why another one has no room, and which replicas hold it', () => {
    const driver = oneWarm({ minResidency: 30_000 });
    const began = driver.now;
    driver.resolve('there', { wait: 60_000 });
    driver.pass(1_000);
    const { state, demand, there } = why(driver, 'there');
    expect(state).toBe('waiting');
    expect(demand).toMatchObject({
      waiting: [{ since: began, deadline: began + 60_000 }],
      lacksSince: began,
      wait: { phase: 'waiting', position: 1 },
    });
    expect(there).toMatchObject([{ server: 's', standing: 'ready', verdict: 'no_room', cooldown: null }]);
    expect(there[0]!.places).toEqual([
      {
        devices: [0],
        coLoaded: [],
        verdict: 'no_room',
        until: null,
        victims: null,
        accounts: [
          {
            account: 'gpu:s/0',
            ...{ needs: 6, capacity: 10, held: 6, promised: 0, leaving: 0, free: 4, spare: 4 },
            ...{ foreign: null, residue: 0 },
            holders: [
              {
                replica: 'here@s',
                model: 'here',
                server: 's',
                phase: 'ready',
                bytes: 6,
                holds: [
                  { kind: 'residency', until: began + 30_000 },
                  { kind: 'in_use', until: began + 10_000 },
                ],
              },
            ],
          },
          expect.objectContaining({ account: 'host:s', holders: [] }),
        ],
      },
    ]);
  });

  it('tells what would leave for it, and afterwards what that has left for', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    expect(why(driver, 'there').there).toMatchObject([
      { verdict: 'room_by_eviction', places: [{ victims: ['here@s'] }] },
    ]);
    driver.resolve('there');
    driver.pass(1_000);
    const { state, lastUnload } = why(driver, 'here');
    expect(state).toBe('absent');
    expect(lastUnload).toMatchObject({ cause: 'evicted', makesRoomFor: 'there' });
  });

  it('tells that a pin, and what is made of it, keeps a copy', () => {
    const driver = new CoreDriver()
      .declare(
        aModel('base', { gpuBytes: 2, pinnedCopies: 1 }),
        aModel('top', { gpuBytes: 2, dependsOn: ['base' as ModelId] }),
      )
      .serve(aServer('s', [10]), ['base', 'top']);
    driver.loadEnds('base', 's');
    driver.warm('top', 's').pass(60_000);
    expect(why(driver, 'base').here).toMatchObject([
      { until: null, holds: [{ kind: 'pinned' }, { kind: 'needed', by: ['top@s'] }] },
    ]);
  });

  it('judges each device of a server by itself', () => {
    const parts = { gpuBytes: 6, config: '{}', minResidency: 30_000 };
    const driver = new CoreDriver()
      .declare(aModel('here', parts), aModel('there', parts))
      .serve(aServer('s', [10, 7, 5]), ['here', 'there']);
    const request = driver.resolve('here');
    driver.loadEnds('here', 's');
    expect(driver.answerTo(request)).toBe('s');
    const devices = (model: string) => why(driver, model).there[0]!.devices;
    expect(devices('there').map(({ verdict }) => verdict)).toEqual(['room', 'no_room', 'no_room']);
    expect(devices('there')[1]).toMatchObject({
      place: { devices: [1], victims: null },
      memory: { needs: 6, capacity: 7, free: 1, holders: [{ model: 'here', bytes: 6 }] },
    });
    expect(devices('here').map(({ verdict }) => verdict)).toEqual(['holds', 'holds', 'holds']);
  });

  it('tells what others hold of a device and what never came back, neither of which is in its capacity', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    Object.assign(meterOf(driver.fleet.servers.get(aServer('s').id)!, 0), {
      toldAt: 1,
      others: 3,
      residue: 1,
    });
    const [there] = why(driver, 'there').there;
    expect(there!.devices).toMatchObject([
      {
        verdict: 'room_by_eviction',
        memory: { needs: 6, capacity: 7, held: 6, free: 1, spare: 1, foreign: 2, residue: 1 },
      },
    ]);
    expect(there!.host).toMatchObject({ needs: 0, capacity: Infinity, foreign: null, residue: 0 });
  });

  it.each([
    ['not_in_repository', aModel('m'), aServer('s', [10]), [] as string[]],
    ['too_small', aModel('m', { gpuBytes: 11 }), aServer('s', [10]), ['m']],
    ['labels', aModel('m', { require: { gpu: 'l4' } }), aServer('s', [10]), ['m']],
    ['disabled', aModel('m', { enabled: false }), aServer('s', [10]), ['m']],
    ['room', aModel('m'), aServer('s', [10]), ['m']],
  ])('tells %s', (verdict, model, server, repository) => {
    const driver = new CoreDriver().declare(model).serve(server, repository);
    expect(why(driver, 'm').there.map((one) => one.verdict)).toEqual([verdict]);
  });

  it('tells that the server takes nothing, and that the last load failed', () => {
    const driver = oneWarm();
    driver.resolve('there', { wait: 60_000 });
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.pass(1_000);
    driver.loadEnds('there', 's', 'capacity');
    driver.pass(600);
    expect(why(driver, 'there')).toMatchObject({
      state: 'cooling_down',
      lastFailure: { cause: 'capacity' },
      there: [{ verdict: 'cooling_down', cooldown: { cause: 'capacity' } }],
    });
    driver.tell({ kind: 'ContactChanged', server: aServer('s').id, fact: 'ended' });
    expect(why(driver, 'there').there).toMatchObject([{ verdict: 'closed', standing: 'connecting' }]);
  });

  it('tells how long a request would wait, or that it would be refused', () => {
    const driver = oneWarm().loadsTake('there', 4_000);
    driver.pass(20_000);
    driver.unloadsTake('s', 1_000);
    const { refusal, predictedWait } = why(driver, 'there');
    expect([refusal, predictedWait]).toEqual([null, expect.any(Number)]);
    const request = driver.resolve('there', { wait: 60_000 });
    driver.pass(predictedWait!);
    driver.loadEnds('there', 's');
    expect(driver.answerTo(request)).toBe('s');
    driver.loadsTake('here', 60_001);
    expect(why(driver, 'here')).toMatchObject({ refusal: 'deadline_unreachable', predictedWait: null });
  });

  it('changes nothing', () => {
    const driver = oneWarm();
    driver.resolve('there', { wait: 60_000 });
    const before = text(driver.fleet);
    for (const model of ['here', 'there', 'nobody']) why(driver, model);
    expect(text(driver.fleet)).toBe(before);
  });
});

/** All that a fleet knows. */
const text = (fleet: object): string =>
  JSON.stringify({ ...fleet, index: null }, (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...(value as Iterable<unknown>)] : value,
  );
