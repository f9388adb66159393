import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { decayed } from '../numbers/decaying-sum.js';
import type { ModelId, ReplicaId } from '../index.js';

const A = 'a' as ModelId;

const aDriver = (): CoreDriver =>
  new CoreDriver()
    .declare(aModel('a', { idleUnload: null }))
    .serve(aServer('s', [4], { discover: false }), ['a', 'b']);

const asked = ({ fleet, now }: CoreDriver): number => decayed(fleet.requestRates.get(A), now);

describe('how often a model was asked for lately', () => {
  it('counts waiting and routed requests alike', () => {
    const driver = aDriver();
    driver.resolve('a');
    expect(asked(driver)).toBe(1);
    driver.loadEnds('a', 's');
    const [replica, at] = ['a@s' as ReplicaId, driver.now];
    driver.tell({ kind: 'RoutesUsed', uses: [{ replica, at, inUseUntil: at, routes: 7 }] });
    expect(asked(driver)).toBe(8);
  });

  it('counts refused requests', () => {
    const driver = aDriver().loadsTake('a', 5_000);
    expect(driver.answerTo(driver.resolve('a', { wait: 1 }))).toBe('deadline_unreachable');
    expect(asked(driver)).toBe(1);
  });

  it('counts for 1/e after a minute', () => {
    const driver = aDriver().warm('a', 's');
    driver.pass(60_000);
    expect(asked(driver)).toBeCloseTo(1 / Math.E, 9);
    driver.pass(60_000);
    expect(asked(driver)).toBeCloseTo(1 / Math.E ** 2, 9);
    driver.resolve('a');
    expect(asked(driver)).toBeCloseTo(1 + 1 / Math.E ** 2, 9);
  });

  it('is forgotten with the model, and nothing is kept of what is unknown', () => {
    const driver = aDriver().warm('a', 's');
    driver.resolve('nobody');
    expect(driver.fleet.requestRates.size).toBe(1);
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    expect(driver.fleet.requestRates.size).toBe(0);
  });
});
