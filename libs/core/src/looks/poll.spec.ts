import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Instant, Millis } from '../fleet/model.js';
import { wakeOf } from '../../../../test/support/decide.js';

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
    const wake = Math.min(end, wakeOf(driver.fleet, driver.now));
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

describe('looks at a server that does not answer', () => {
  const T = aServer('t').id;

  /** Every look fails, and takes no time. When looks were ordered, until so much later. */
  function failedLooksIn(driver: CoreDriver, millis: Millis): Instant[] {
    const end = driver.now + millis;
    const at: Instant[] = [];
    for (let actions = driver.pass(0); ;) {
      for (const { kind } of actions) if (kind === 'look') at.push(driver.now);
      const isAsked = actions.some(({ kind }) => kind === 'look');
      if (!isAsked && driver.now >= end) return at;
      actions = isAsked
        ? driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' })
        : driver.pass(Math.min(end, wakeOf(driver.fleet, driver.now)) - driver.now);
    }
  }

  function aDriver(): CoreDriver {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']);
    driver.looksEnd = false;
    driver.pass(5_000);
    return driver;
  }

  const doubt = { kind: 'ServersDoubted', servers: [T] } as const;

  it('back off to 30 s where it is lost', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'leaving' });
    driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
    const looks = failedLooksIn(driver, 600_000);
    const gaps = looks.slice(1).map((at, nth) => at - looks[nth]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...gaps.slice(5))).toBeGreaterThanOrEqual(22_500);
  });

  it('come each ten seconds at first, however long it was slow before it was lost', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LookFailed', server: T, why: 'timed_out' });
    for (let failed = 0; failed < 3; failed += 1) {
      driver.pass(10_000);
      driver.tell({ kind: 'LookFailed', server: T, why: 'timed_out' });
      driver.tell({ kind: 'ContactChanged', server: T, fact: 'probe_timed_out' });
    }
    const looks = failedLooksIn(driver, 60_000);
    expect(looks[1]! - looks[0]!).toBeLessThanOrEqual(10_000);
  });

  it('are taken at once where it is slow and doubted', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LookFailed', server: T, why: 'timed_out' });
    driver.pass(2_000);
    expect(driver.tell(doubt)).toMatchObject([{ kind: 'look', server: 't' }]);
  });

  it('are taken though one was under way over a connection that was closed', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
    driver.pass(1_000);
    expect(driver.tell(doubt)).toMatchObject([{ kind: 'look', server: 't' }]);
    const closed = driver.tell({ kind: 'ContactChanged', server: T, fact: 'closed' });
    expect(closed).toMatchObject([{ kind: 'look', server: 't' }]);
  });

  it('are not taken beside one that waited for the connection', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'ended' });
    driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
    driver.pass(1_000);
    expect(driver.tell(doubt)).toMatchObject([{ kind: 'look', server: 't', probeMode: true }]);
    expect(driver.tell({ kind: 'ContactChanged', server: T, fact: 'connected' })).toEqual([]);
  });

  it.each(['leaving', 'ended', 'refused'] as const)(
    'are ordered at once where it is doubted, once a second at most (%s)',
    (fact) => {
      const driver = aDriver();
      driver.tell({ kind: 'ContactChanged', server: T, fact });
      driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
      failedLooksIn(driver, 120_000);
      driver.pass(1_000);
      const begunAt = driver.now;
      const looks: Instant[] = [];
      for (let nth = 0; nth < 30; nth += 1) {
        const actions = driver.tell(doubt);
        if (actions.some(({ kind }) => kind === 'look')) {
          looks.push(driver.now - begunAt);
          driver.tell({ kind: 'LookFailed', server: T, why: 'unreachable' });
        }
        looks.push(...failedLooksIn(driver, 100).map((at) => at - begunAt));
      }
      expect(looks).toEqual([0, 1_000, 2_000, 3_000]);
    },
  );

  it('are none where there never was a connection, and nobody asks for one', () => {
    const driver = new CoreDriver();
    driver.looksEnd = false;
    driver.tell({ kind: 'ServerDeclared', server: aServer('t') });
    expect(failedLooksIn(driver, 600_000)).toEqual([]);
    expect(driver.tell(doubt)).toMatchObject([{ kind: 'look', server: 't' }]);
  });
});
