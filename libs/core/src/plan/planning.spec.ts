import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver, SOMEBODY } from '../../../../test/support/core-driver.js';
import type { ModelId, Plan, PlanBounds, ServerId, Supposition } from '../index.js';
import { AT_REST } from '../learned/utilisation.js';
import { Planning } from './planning.js';

const { tenant } = SOMEBODY;
const NOTHING: Supposition = { models: [], lost: [], drained: [], asked: [], tenant };
const BOUNDS: PlanBounds = { within: 600_000, turns: 500, items: 100 };

/** Plans, and holds the fleet it planned for against how it was before. */
function planned(
  driver: CoreDriver,
  supposition: Partial<Supposition>,
  bounds: Partial<PlanBounds> = {},
): Plan {
  const before = structuredClone({ ...driver.fleet, index: null });
  const planning = new Planning(driver.fleet, { ...NOTHING, ...supposition }, driver.now, {
    ...BOUNDS,
    ...bounds,
  });
  while (planning.turn());
  const plan = planning.plan();
  expect({ ...driver.fleet, index: null }).toEqual(before);
  return plan;
}

const ids = <Id extends string>(...names: string[]): Id[] => names as Id[];
const orders = ({ orders: { items } }: Plan): string[] =>
  items.map(({ kind, model, server }) => `${kind} ${model}@${server}`);

/** Two models of 6 on a GPU of 10, one of them warm, and another server that is empty. */
const oneWarm = (): CoreDriver =>
  new CoreDriver()
    .declare(aModel('here', { gpuBytes: 6 }), aModel('there', { gpuBytes: 6 }))
    .serve(aServer('s', [10]), ['here', 'there'])
    .warm('here', 's');

describe('planning', () => {
  it('finds nothing to do where nothing is supposed', () => {
    expect(planned(oneWarm(), {})).toMatchObject({
      end: 'at_rest',
      took: 0,
      orders: { items: [], leftOut: 0 },
      answers: { items: [] },
      lacking: { items: [] },
      models: { items: [] },
      pins: { fits: true },
    });
  });

  it('makes room for a model that is asked for, once leases have ended, and says for which model', () => {
    const driver = oneWarm();
    driver.loadsTake('there', 4_000);
    const plan = planned(driver, { asked: ids('there') });
    expect(plan.orders.items).toMatchObject([
      {
        kind: 'unload',
        at: driver.now + 10_000,
        model: 'here',
        server: 's',
        devices: [0],
        bytes: 6,
        cause: 'evicted',
        makesRoomFor: 'there',
      },
      {
        kind: 'load',
        model: 'there',
        devices: [0],
        bytes: 6,
        cause: 'asked',
        readyAt: driver.now + 14_000,
      },
    ]);
    expect(plan.answers.items).toMatchObject([
      { model: 'there', server: 's', waited: 14_000, refusal: null },
    ]);
    expect(plan.models.items).toEqual([
      {
        model: 'here',
        before: { state: 'ready', readyCopies: 1 },
        after: { state: 'absent', readyCopies: 0 },
      },
      {
        model: 'there',
        before: { state: 'absent', readyCopies: 0 },
        after: { state: 'ready', readyCopies: 1 },
      },
    ]);
    expect(plan).toMatchObject({ end: 'at_rest', took: 14_000 });
  });

  it('declares a model with a pin, and tells the memory before and after', () => {
    const driver = oneWarm();
    const plan = planned(driver, { models: [aModel('there', { gpuBytes: 3, pinnedCopies: 1 })] });
    expect(plan.orders.items).toMatchObject([{ kind: 'load', model: 'there', cause: 'pinned', bytes: 3 }]);
    expect(plan.devices).toMatchObject([
      { server: 's', ordinal: 0, before: { held: 6, free: 4 }, after: { held: 9, free: 1, server: 'ready' } },
    ]);
  });

  it('says which pins do not fit, by how much, and that the model lacks what it lacked not before', () => {
    const plan = planned(oneWarm(), { models: [aModel('there', { gpuBytes: 11, pinnedCopies: 1 })] });
    expect(plan.pins).toEqual({
      fits: false,
      unplaced: [{ model: 'there', copies: 1, needs: 11, inTheWay: null }],
    });
    expect(plan.orders.items).toEqual([]);
    expect(plan.lacking.items).toEqual([
      {
        model: 'there',
        pinnedCopies: 1,
        readyCopies: 0,
        before: false,
        there: [{ server: 's', state: 'ready', verdict: 'too_small', short: 7 }],
      },
    ]);
  });

  it('asks again for what was in use on a server that is lost', () => {
    const driver = oneWarm().serve(aServer('t', [10]), ['here']);
    const plan = planned(driver, { lost: ids<ServerId>('s') });
    expect(orders(plan)).toEqual(['load here@t']);
    expect(plan.answers.items).toMatchObject([{ model: 'here', server: 't', waited: 1 }]);
    expect(plan.devices.map(({ server, after }) => [server, after.server])).toEqual([
      ['s', 'lost'],
      ['t', 'ready'],
    ]);
  });

  it('says what cannot be had any more without that server', () => {
    const plan = planned(oneWarm(), { lost: ids<ServerId>('s') });
    expect(plan.answers.items).toMatchObject([
      { model: 'here', server: null, refusal: { reason: 'no_server' } },
    ]);
    expect(plan.models.items).toMatchObject([{ model: 'here', after: { readyCopies: 0 } }]);
    expect(plan.lacking.items).toMatchObject([
      { model: 'here', before: false, there: [{ server: 's', state: 'lost', verdict: 'holds' }] },
    ]);
  });

  it('drains a server: loads elsewhere first, then lets go', () => {
    const driver = oneWarm().serve(aServer('t', [10]), ['here']);
    const plan = planned(driver, { drained: ids<ServerId>('s') });
    expect(orders(plan)).toEqual(['load here@t', 'unload here@s']);
    expect(plan.orders.items).toMatchObject([{ cause: 'drain' }, { cause: 'drain', makesRoomFor: null }]);
    expect(plan.devices[0]).toMatchObject({ after: { server: 'drained', held: 0 } });
  });

  it('takes loads under way to end after as long as the last one took', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    driver.resolve('there');
    driver.pass(1_000);
    expect(driver.isLoading('there', 's')).toBe(true);
    const plan = planned(driver, {});
    expect(plan).toMatchObject({ end: 'at_rest', orders: { items: [] } });
    expect(plan.models.items).toMatchObject([{ model: 'there', after: { state: 'ready' } }]);
  });

  it('leaves stuck what is stuck', () => {
    const driver = oneWarm();
    driver.pass(20_000);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true });
    driver.pass(driver.fleet.limits.stuckAfter + 20_000);
    expect(driver.phase('here', 's')).toBe('unloading');
    const plan = planned(driver, { asked: ids('there') });
    expect(plan.orders.items).toEqual([]);
    expect(plan.answers.items).toMatchObject([{ refusal: { reason: 'no_capacity' } }]);
  });

  it('does not wait for one copy more that demand makes and no request lacks', () => {
    const driver = new CoreDriver()
      .declare(aModel('here', { gpuBytes: 6, maxCopies: 2 }), aModel('there', { gpuBytes: 6 }))
      .serve(aServer('s', [10]), ['here', 'there'])
      .serve(aServer('t', [10]), ['here', 'there'])
      .warm('here', 's');
    driver.warm('there', 't').pass(1_000);
    driver.fleet.utilisations.set('here' as ModelId, { ...AT_REST, copies: 2 });
    const plan = planned(driver, {});
    expect(plan).toMatchObject({ end: 'at_rest', took: 0, orders: { items: [] } });
    expect(plan.lacking.items).toMatchObject([{ model: 'here', readyCopies: 1, before: false }]);
  });

  it('stops at its bounds, and cuts what it tells', () => {
    const driver = oneWarm();
    const inTwoTurns = planned(driver, { asked: ids('there') }, { within: 30_000, turns: 2 });
    expect(inTwoTurns).toMatchObject({ end: 'turns', turns: 2 });
    expect(planned(driver, { asked: ids('there') }, { within: 5_000 })).toMatchObject({ end: 'time' });
    const cut = planned(driver, { asked: ids('there') }, { items: 1 });
    expect(cut.orders).toMatchObject({ items: [{ kind: 'unload' }], leftOut: 1 });
    expect(cut.models.leftOut).toBe(1);
  });
});
