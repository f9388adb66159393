import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const SPREAD = aModel('a', { gpuBytes: 4, spread: 'zone' });
const inZone = (zone: string | null): { labels: Record<string, string> } => ({
  labels: zone === null ? {} : { zone },
});

/** Servers of which the later ones have more room, so that the best fit is always the first. */
function aDriver(...zones: (string | null)[]): CoreDriver {
  const driver = new CoreDriver();
  for (const [at, zone] of zones.entries()) {
    driver.serve(aServer(`s${at}`, [10 + 10 * at], inZone(zone)), ['a', 'b']);
  }
  return driver;
}

const loadsOf = (driver: CoreDriver): string[] => driver.orders().map((order) => order.slice('load '.length));

describe('copies of a model that is spread over a label', () => {
  it('go to servers that differ in it, though another fits better', () => {
    const driver = aDriver('x', 'x', 'y').declare({ ...SPREAD, pinnedCopies: 2 });
    expect(loadsOf(driver)).toEqual(['a@s0', 'a@s2']);
  });

  it('go where they fit best without the label', () => {
    const driver = aDriver('x', 'x', 'y').declare({ ...SPREAD, pinnedCopies: 2, spread: null });
    expect(loadsOf(driver)).toEqual(['a@s0', 'a@s1']);
  });

  it('go to like servers where there is no other room', () => {
    const driver = aDriver('x', 'x', 'y').declare({ ...SPREAD, gpuBytes: 15, pinnedCopies: 2 });
    expect(loadsOf(driver)).toEqual(['a@s1', 'a@s2']);
    const alike = aDriver('x', 'x').declare({ ...SPREAD, pinnedCopies: 2 });
    expect(loadsOf(alike)).toEqual(['a@s0', 'a@s1']);
  });

  it('go to the value with the fewest of them, and to servers without the label last', () => {
    const driver = aDriver(null, 'x', 'x', 'y', 'y').declare({ ...SPREAD, config: '{}', pinnedCopies: 4 });
    expect(loadsOf(driver)).toEqual(['a@s1', 'a@s3', 'a@s2', 'a@s4']);
    const unlabelled = aDriver(null, 'x').declare({ ...SPREAD, pinnedCopies: 2 });
    expect(loadsOf(unlabelled)).toEqual(['a@s1', 'a@s0']);
  });

  it('do not count those on a server that drains', () => {
    const driver = aDriver('x', 'x', 'y').declare({ ...SPREAD, pinnedCopies: 1 });
    driver.loadEnds('a', 's0');
    driver.tell({ kind: 'DrainOrdered', server: aServer('s0').id, deadline: null });
    expect(loadsOf(driver)).toEqual(['a@s0', 'a@s1']);
  });

  it('displace no other copy for it', () => {
    const driver = aDriver('x', 'x', 'y').declare(
      aModel('b', { gpuBytes: 25 }),
      aModel('a', { ...SPREAD, gpuBytes: 8 }),
    );
    driver.warm('b', 's2');
    driver.pass(20_000);
    driver.declare({ ...SPREAD, gpuBytes: 8, pinnedCopies: 2 });
    expect(loadsOf(driver)).toEqual(['b@s2', 'a@s0', 'a@s1']);
  });
});
