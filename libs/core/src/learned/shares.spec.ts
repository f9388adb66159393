import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import { charge, overShare, refund, settleCharge } from './shares.js';

const [FLOOD, QUIET, OTHER] = ['flood', 'quiet', 'other'] as TenantId[] as [TenantId, TenantId, TenantId];
const [A, B] = ['a', 'b'] as ModelId[] as [ModelId, ModelId];

let driver: CoreDriver;

beforeEach(() => {
  driver = new CoreDriver();
});

const pay = (model: ModelId, tenant: TenantId, cost: number): void =>
  charge(driver.fleet, model, tenant, cost, new Now(driver.now));

const isOver = (tenant: TenantId, more?: number): boolean =>
  overShare(driver.fleet, new Now(driver.now))(
    tenant,
    more === undefined ? undefined : { to: tenant, cost: more },
  );

describe('the part of a tenant of the load slots', () => {
  it('is what was charged, divided by the tenants', () => {
    pay(A, FLOOD, 9_000);
    pay(B, QUIET, 7_000);
    expect([isOver(FLOOD), isOver(QUIET)]).toEqual([true, false]);
  });

  it('is all where there is no other', () => {
    pay(A, FLOOD, 60_000);
    expect(isOver(FLOOD)).toBe(false);
    expect(isOver(FLOOD, 8_000)).toBe(false);
  });

  it('is smaller for each tenant that waits and was charged nothing', () => {
    pay(A, FLOOD, 9_000);
    settleCharge(driver.fleet, A);
    expect(isOver(FLOOD)).toBe(false);
    driver.declare(aModel('c')).serve(aServer('t'), ['c']);
    driver.resolve('c', { tenant: QUIET });
    expect([isOver(FLOOD), isOver(QUIET)]).toEqual([true, false]);
  });

  it('counts what is to be charged besides', () => {
    pay(A, FLOOD, 9_000);
    pay(B, QUIET, 8_000);
    expect([isOver(QUIET), isOver(QUIET, 2_000)]).toEqual([false, true]);
    expect([isOver(OTHER, 5_000), isOver(OTHER, 9_000)]).toEqual([false, true]);
  });

  it('is of what was charged lately', () => {
    pay(A, FLOOD, 9_000);
    driver.now += 120_000;
    pay(B, QUIET, 2_000);
    expect([isOver(FLOOD), isOver(QUIET)]).toEqual([false, true]);
  });
});

describe('what a tenant was charged for a job', () => {
  it('is charged once for each model', () => {
    pay(A, FLOOD, 8_000);
    pay(A, QUIET, 8_000);
    expect([...driver.fleet.spending.keys()]).toEqual([FLOOD]);
    expect(driver.fleet.spending.get(FLOOD)!.sum).toBe(8_000);
  });

  it('is returned where the job ends without a load, as far as it still counts', () => {
    pay(A, FLOOD, 8_000);
    driver.now += 30_000;
    refund(driver.fleet, A, new Now(driver.now));
    expect([driver.fleet.spending.size, driver.fleet.charges.size]).toEqual([0, 0]);
  });

  it('stays once its load has begun', () => {
    pay(A, FLOOD, 8_000);
    expect(settleCharge(driver.fleet, A)).toBe(true);
    refund(driver.fleet, A, new Now(driver.now));
    expect(driver.fleet.spending.get(FLOOD)!.sum).toBe(8_000);
  });
});

describe('what tenants were charged', () => {
  it('is forgotten once it has faded, though they never come again', () => {
    const many = 1_000;
    for (let nth = 0; nth < many; nth += 1) {
      pay(A, `once-${nth}` as TenantId, 8_000);
      settleCharge(driver.fleet, A);
      driver.now += 60_000;
    }
    expect(driver.fleet.spending.size).toBeLessThan(20);
    pay(A, OTHER, 8_000);
    expect([...driver.fleet.spending.keys()].at(-1)).toBe(OTHER);
  });
});

describe('a tenant whose request is promised a load', () => {
  beforeEach(() => {
    driver.declare(aModel('a'), aModel('b')).serve(aServer('t', [99]), ['a', 'b']);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.loadsTake('a', 8_000).loadsTake('b', 6_000);
  });

  it('is charged the P50 of that load when its job joins the line', () => {
    driver.resolve('a', { tenant: FLOOD });
    driver.resolve('b', { tenant: QUIET });
    expect(Array.from(driver.fleet.spending, ([tenant, { sum }]) => [tenant, sum])).toEqual([
      [FLOOD, expect.closeTo(8_000, 6)],
      [QUIET, expect.closeTo(6_000, 6)],
    ]);
  });

  it('has it back where the request is cancelled before the load begins, and not after', () => {
    const begun = driver.resolve('a', { tenant: FLOOD });
    const inLine = driver.resolve('b', { tenant: QUIET });
    for (const request of [begun, inLine])
      driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect([...driver.fleet.spending.keys()]).toEqual([FLOOD]);
    expect(driver.fleet.charges.size).toBe(0);
  });
});
