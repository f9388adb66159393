import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Instant, Millis } from '../model.js';
import { nextWake } from '../wake.js';

const NAMES = Array.from({ length: 24 }, (_, nth) => `t${nth}`);
const IDS = NAMES.map((name) => aServer(name).id);

/** Servers with a stranger each, all of which were looked at in the same moment. */
function lookedAtTogether(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a'));
  for (const name of NAMES) driver.serve(aServer(name), ['a']).shelf(name).set('a', 'READY');
  return lookAtAll(driver);
}

/** As for an unknown name. */
function lookAtAll(driver: CoreDriver): CoreDriver {
  driver.tell({ kind: 'ServersDoubted', servers: IDS });
  driver.pass(1_000);
  return driver;
}

interface Taken {
  readonly server: string;
  readonly scope: 'full' | 'statistics';
  readonly at: Instant;
}

function looksIn(driver: CoreDriver, millis: Millis): Taken[] {
  const end = driver.now + millis;
  const looks: Taken[] = [];
  while (driver.now < end) {
    const wake = Math.min(end, nextWake(driver.fleet, driver.now));
    for (const action of driver.pass(wake - driver.now)) {
      if (action.kind === 'look') looks.push({ server: action.server, scope: action.scope, at: driver.now });
    }
  }
  return looks;
}

/** How far the looks at each server are apart. */
const gapsIn = (looks: readonly Taken[]): Millis[] =>
  NAMES.flatMap((name) => {
    const moments = looks.filter(({ server }) => server === name).map(({ at }) => at);
    return moments.slice(1).map((at, nth) => at - moments[nth]!);
  });

const full = (looks: readonly Taken[]): Taken[] => looks.filter(({ scope }) => scope === 'full');

/** How many looks were taken in the fullest tenth of a second. */
function mostAtOnce(looks: readonly Taken[]): number {
  const tenths = new Map<number, number>();
  for (const { at } of looks) {
    const tenth = Math.floor(at / 100);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  return Math.max(...tenths.values());
}

const lastFullLooks = ({ fleet }: CoreDriver): (Instant | null)[] =>
  IDS.map((id) => fleet.servers.get(id)!.lookedAt);

describe('looks at servers at rest', () => {
  it('are taken in the same moment where a request waits for them', () => {
    expect(new Set(lastFullLooks(lookedAtTogether())).size).toBe(1);
  });

  it('come from then on at moments that differ from server to server', () => {
    const driver = lookedAtTogether();
    for (let interval = 0; interval < 2; interval += 1)
      expect(mostAtOnce(looksIn(driver, 2_000))).toBeLessThan(8);
    expect(mostAtOnce(full(looksIn(lookAtAll(driver), 10_000)))).toBeLessThan(4);
  });

  it('come no later than an interval after the one before, and half of it sooner at most', () => {
    const driver = lookedAtTogether();
    const together = { scope: 'full', at: lastFullLooks(driver)[0]! } as const;
    const looks = [...NAMES.map((server) => ({ server, ...together })), ...looksIn(driver, 22_000)];
    expect(Math.min(...gapsIn(looks))).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...gapsIn(looks))).toBe(2_000);
    expect(Math.min(...gapsIn(full(looks)))).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...gapsIn(full(looks)))).toBe(10_000);
  });

  it('keep to their moments', () => {
    const driver = lookedAtTogether();
    driver.pass(10_000);
    const looks = looksIn(driver, 22_000);
    expect(new Set(gapsIn(full(looks)))).toEqual(new Set([10_000]));
    expect(new Set(gapsIn(looks))).toEqual(new Set([2_000]));
  });
});
