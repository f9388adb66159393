import { describe, expect, it } from '@jest/globals';
import type { ModelId, ServerId } from '#core';
import { VirtualSite } from '../storm/virtual-site.js';
import { type Scenario, scenarios } from './scenarios.js';
import { staysOf, withVisits } from './truths.js';

const SECOND = 1_000;
const GIB = 2 ** 30;
const named = (name: string): Scenario => scenarios().find((one) => one.name === name)!;
const siteOf = ({ workload, demand, grain, truth }: Scenario): VirtualSite =>
  VirtualSite.of(workload, demand.asks, { grain, truth, next: demand.next });

describe('the scenarios of swaps', () => {
  it('have a name and a seed of their own', () => {
    const keys = scenarios().map(({ name, seed }) => `${name}-${seed}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are the same in every play', () => {
    const [one, other] = [siteOf(named('churn')), siteOf(named('churn'))];
    for (const site of [one, other]) site.until(10 * SECOND);
    expect(one.outcomes.length).toBeGreaterThan(40);
    expect(other.outcomes).toEqual(one.outcomes);
  });

  it('go on in a copy as in what was copied', () => {
    const site = siteOf(named('churn'));
    site.until(8 * SECOND);
    const copy = site.copy();
    const before = site.outcomes.length;
    for (const one of [site, copy]) one.until(12 * SECOND);
    expect(copy.outcomes.length).toBeGreaterThan(0);
    expect(copy.outcomes).toEqual(site.outcomes.slice(before));
  });

  it('have each caller of a churn wait for its answer', () => {
    const site = siteOf(named('churn'));
    site.until(10 * SECOND);
    const lastAnswer = new Map<string, number>();
    for (const { id, at, answeredAt } of site.outcomes) {
      const [caller = ''] = id.split('-');
      expect(at).toBeGreaterThan(lastAnswer.get(caller) ?? 0);
      lastAnswer.set(caller, answeredAt);
    }
  });

  it('have models of a tenth that take more than is declared, and others that take less', () => {
    const { workload, truth } = named('churn');
    const shares = workload.models.map(({ name, mb }) => truth.takes(name as ModelId) / (mb * 2 ** 20));
    expect(shares.filter((share) => share > 1.14).length).toBe(12);
    expect(shares.filter((share) => share < 0.96).length).toBe(108);
  });
});

describe('a process that comes again and again', () => {
  const visits = { gib: 7, every: 40 * SECOND, stays: 10 * SECOND, from: 20 * SECOND, until: 180 * SECOND };
  const fleet = { servers: 3, gpus: 4 };

  it('goes from server to server, and is nowhere in between', () => {
    const { others } = withVisits(named('calm-5s').truth, visits, fleet);
    const at = (server: string, moment: number): number => others(server as ServerId, 0, moment) / GIB;
    expect([19, 20, 29, 30, 60].map((second) => at('t0', second * SECOND))).toEqual([0, 7, 7, 0, 0]);
    expect([20, 60, 69, 70].map((second) => at('t1', second * SECOND))).toEqual([0, 7, 7, 0]);
  });

  it('has stays that say the same', () => {
    const stays = staysOf(visits, fleet);
    expect(stays.map(({ server, device }) => `${server}-${device}`)).toEqual([
      't0-0',
      't1-0',
      't2-0',
      't0-1',
    ]);
    expect(stays[1]).toMatchObject({ from: 60 * SECOND, until: 70 * SECOND });
  });
});
