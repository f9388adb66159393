import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { areMetricsLate, windowOf } from '../fleet/meter.js';

const SERVER = aServer('t').id;
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;

/** A server with one GPU of 20, and models of 4 that stay. */
function aDriver(metricsInterval: number): CoreDriver {
  const ids = ['a', 'b', 'c', 'd'];
  const models = ids.map((id) => aModel(id, { idleUnload: null, config: '{}' }));
  const driver = new CoreDriver().declare(...models).serve(aServer('t', [20], { metricsInterval }), ids);
  show(driver, 0);
  driver.pass(REST);
  return driver;
}

function show(driver: CoreDriver, used: number): void {
  driver.shelf('t').gpus = [{ uuid: 't-0', memory: 20, used }];
}

const server = ({ fleet }: CoreDriver) => fleet.servers.get(SERVER)!;
const peak = ({ fleet }: CoreDriver, model: string) => fleet.footprints.get(aModel(model).id)?.peak;

describe('the window', () => {
  it('is one and a half intervals of the metrics of its server', () => {
    expect([windowOf(server(aDriver(2_000))), windowOf(server(aDriver(250)))]).toEqual([3_000, 375]);
  });

  it.each([
    [250, 374, 1],
    [2_000, 2_999, 1],
  ])(
    'of metrics of %i ms teaches nothing before it has passed, and then at once',
    (interval, before, more) => {
      const driver = aDriver(interval);
      driver.resolve('a');
      show(driver, 3);
      driver.pass(100);
      driver.loadEnds('a', 't');
      driver.pass(before);
      expect(peak(driver, 'a')).toBeUndefined();
      driver.pass(more);
      expect(peak(driver, 'a')).toBe(3);
    },
  );
});

describe('metrics that are read more rarely than was told', () => {
  /** Each load shows in the metrics only long after the window. */
  function late(ids: readonly string[], apart = 0): CoreDriver {
    const driver = aDriver(250);
    for (const [nth, id] of ids.entries()) {
      driver.warm(id, 't');
      driver.pass(1_500);
      show(driver, 4 * (nth + 1));
      driver.pass(REST + apart);
    }
    return driver;
  }

  it('are found out by three readings that change by what moved a window ago or longer: the default counts then', () => {
    expect(areMetricsLate(server(late(['a', 'b'])))).toBe(false);
    const driver = late(['a', 'b', 'c']);
    expect([areMetricsLate(server(driver)), windowOf(server(driver))]).toEqual([true, 3_000]);
  });

  it('are not found out by readings that are more than ten minutes apart', () => {
    expect(areMetricsLate(server(late(['a', 'b', 'c'], 300_000)))).toBe(false);
  });

  it('are believed anew where another interval is declared', () => {
    const driver = late(['a', 'b', 'c']);
    driver.tell({ kind: 'ServerDeclared', server: aServer('t', [20], { metricsInterval: 500 }) });
    expect(windowOf(server(driver))).toBe(750);
  });

  it('are not found out by others that come and go by other amounts', () => {
    const driver = aDriver(250);
    driver.warm('a', 't');
    show(driver, 4);
    driver.pass(REST);
    for (const used of [9, 6, 11, 7]) {
      show(driver, used);
      driver.pass(REST);
    }
    expect(areMetricsLate(server(driver))).toBe(false);
  });
});
