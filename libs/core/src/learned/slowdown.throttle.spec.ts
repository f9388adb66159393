import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const NAMES = ['warm', 'a', 'b', 'c'];
const WARM = aModel('warm').id;

/** A server with two load slots and room for all, on which one model serves 20 requests between two readings. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver().declare(...NAMES.map((name) => aModel(name, { gpuBytes: 1 })));
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 2, loadsPerDevice: 9 };
  driver.serve(aServer('t', [99]), NAMES).warm('warm', 't');
  for (const name of NAMES) driver.loadsTake(name, 8_000);
  for (let nth = 0; nth < 10; nth++) serve(driver, 10);
  return driver;
}

/** The next reading shows 20 requests more, each of which took so long. */
function serve(driver: CoreDriver, each: number): void {
  const { served } = driver.shelf('t');
  const { succeeded = 0, computed = 0 } = served.get(WARM) ?? {};
  const counts = { succeeded: succeeded + 20, computed: computed + 20 * each };
  served.set(WARM, { ...counts, failed: 0, lastInference: succeeded + 20 });
  driver.pass(2_500);
}

const loading = (driver: CoreDriver): string[] => NAMES.filter((name) => driver.isLoading(name, 't'));

describe('a server whose warm models serve slower than usual', () => {
  it('begins one load after the other, until they do not any more', () => {
    const driver = aDriver();
    serve(driver, 30);
    for (const model of ['a', 'b', 'c']) driver.resolve(model);
    expect(loading(driver)).toEqual(['a']);
    driver.loadEnds('a', 't');
    expect(loading(driver)).toEqual(['b']);
    serve(driver, 10);
    expect(loading(driver)).toEqual(['b', 'c']);
  });

  it('does not wait for a load that hangs', () => {
    const driver = aDriver();
    driver.resolve('a');
    for (let nth = 0; nth < 25; nth++) serve(driver, nth < 24 ? 10 : 30);
    driver.resolve('b');
    driver.resolve('c');
    expect(loading(driver)).toEqual(['a', 'b']);
  });

  it('foretells that loads begin one after the other', () => {
    const driver = aDriver();
    const wait = (): string => {
      driver.resolve('a');
      return driver.answerTo(driver.resolve('b', { wait: 12_000 }));
    };
    serve(driver, 30);
    expect(wait()).toBe('deadline_unreachable');
    const other = aDriver();
    other.resolve('a');
    expect(other.answerTo(other.resolve('b', { wait: 12_000 }))).toBe('waiting');
  });
});
