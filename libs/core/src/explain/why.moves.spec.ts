import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver, SOMEBODY } from '../../../../test/support/core-driver.js';
import type { ModelId, Supposition } from '../index.js';
import { Planning } from '../plan/planning.js';
import { whyOf } from './why.js';

/** A pinned model of 4 on the one device of 10 that is large enough for a model of 8, and a small one beside it. */
const inTheWay = (): CoreDriver => {
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 4, pinnedCopies: 1 }), aModel('x', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['a', 'x']);
  driver.loadEnds('a', 't');
  driver.serve(aServer('u', [5]), ['a']).pass(61_000);
  return driver.loadsTake('a', 7_000).loadsTake('x', 10_000);
};

const verdictsOn = (driver: CoreDriver) => {
  const { there, predictedWait } = whyOf(driver.fleet, 'x' as ModelId, driver.now);
  const [{ verdict, places, devices }] = there as [(typeof there)[number]];
  return { verdict, move: places[0]?.move, ofDevice: devices[0]?.verdict, predictedWait };
};

const MOVE = { replica: 'a@t', model: 'a', server: 'u', devices: [0] };

describe('a place from which a copy can be moved', () => {
  it('says which, and where to, and counts a whole lease on the copy that is moved', () => {
    expect(verdictsOn(inTheWay())).toEqual({
      verdict: 'room_by_move',
      ofDevice: 'room_by_move',
      move: MOVE,
      predictedWait: 28_000,
    });
  });

  it('says so, too, while it moves', () => {
    const driver = inTheWay();
    driver.resolve('x');
    driver.pass(2_000);
    expect(verdictsOn(driver)).toMatchObject({ verdict: 'room_by_move', move: MOVE });
  });
});

describe('a plan', () => {
  it('says which loads are for a move', () => {
    const driver = inTheWay();
    const { tenant } = SOMEBODY;
    const supposed: Supposition = { models: [], lost: [], drained: [], asked: ['x' as ModelId], tenant };
    const bounds = { within: 600_000, turns: 500, items: 100 };
    const planning = new Planning(driver.fleet, supposed, driver.now, bounds);
    while (planning.turn());
    expect(planning.plan().orders.items).toMatchObject([
      { kind: 'load', model: 'a', server: 'u', cause: 'moved' },
      { kind: 'unload', model: 'a', server: 't', cause: 'evicted', makesRoomFor: 'x' },
      { kind: 'load', model: 'x', server: 't', cause: 'asked' },
    ]);
  });
});
