import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model, ModelId } from '../index.js';

/** A GPU of 10 with 7 that leave for a promised load of 5 as soon as their residency ends, in 10 s; and 3 that are idle. */
function leavingSoon(): CoreDriver {
  const driver = new CoreDriver();
  const parts = { idleUnload: null };
  driver.declare(
    aModel('resident', { ...parts, gpuBytes: 7, minResidency: 610_000 }),
    aModel('idle', { ...parts, gpuBytes: 3 }),
    aModel('first', { ...parts, gpuBytes: 5 }),
    aModel('second', { ...parts, gpuBytes: 5 }),
    aModel('third', { ...parts, gpuBytes: 2 }),
  );
  for (const id of driver.fleet.models.keys()) driver.loadsTake(id, 1_000);
  driver.serve(aServer('s', [10]), [...driver.fleet.models.keys()]);
  driver.warm('idle', 's').warm('resident', 's').pass(600_000);
  driver.resolve('first', { wait: 30_000 });
  return driver;
}

const jobOf = ({ fleet }: CoreDriver, model: string) => fleet.line.get(model as ModelId);

describe('a job behind one for which copies leave that do not drain yet', () => {
  it('is promised what they leave over, where nothing may leave for it sooner', () => {
    const driver = leavingSoon();
    driver.declare(aModel('idle', { gpuBytes: 3, pinnedCopies: 1 }));
    expect(jobOf(driver, 'first')).toMatchObject({ neededBy: driver.now + 30_000 });
    const request = driver.resolve('third', { wait: 35_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    expect(jobOf(driver, 'third')!.startsAt).toBeGreaterThanOrEqual(jobOf(driver, 'first')!.startsAt);
  });

  it('gets no place before they do, whatever else would leave for it', () => {
    const driver = leavingSoon();
    const request = driver.resolve('second', { wait: 2_000 });
    expect(driver.answerTo(request)).toMatch(/deadline_unreachable|no_capacity/);
    expect(driver.phase('idle', 's')).toBe('ready');
    expect(jobOf(driver, 'second')!.startsAt).toBeGreaterThan(jobOf(driver, 'first')!.startsAt);
  });
});

describe('a job for which a copy is to leave that is loaded yet', () => {
  it.each([
    { requestRates: 1, at: 8_000, when: 'once that is there' },
    { requestRates: 13, at: 30_000, when: 'when it starves, where that is worth more than twice as much' },
  ])('gets its place $when', ({ requestRates, at }) => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 8 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('s', [10]), ['a', 'x'])
      .unloadsTake('s', 1_000)
      .loadsTake('a', 8_000)
      .loadsTake('x', 8_000);
    for (let one = 0; one < requestRates; one += 1) driver.resolve('a');
    driver.resolve('x', { wait: 600_000 });
    const { placeAt, startsAt } = jobOf(driver, 'x')!;
    expect([placeAt - driver.now, Math.round(startsAt - placeAt)]).toEqual([at, 11_000]);
  });
});

describe('a job for which two copies could leave soon, of which one is to stay', () => {
  it('waits for a third', () => {
    const onHost = (id: string, hostBytes: number, parts: Partial<Model> = {}): Model =>
      aModel(id, { gpuBytes: 0, hostBytes, idleUnload: null, ...parts });
    const driver = new CoreDriver().declare(
      onHost('two', 2, { pinnedCopies: 1 }),
      onHost('third', 4, { minResidency: 50_000 }),
      onHost('x', 5),
    );
    for (const server of ['s', 't']) {
      driver.serve(aServer(server, [10], { host: 'h', hostMemory: 10, strangers: 'adopt' }), ['x']);
      driver.shelf(server).set('two', 'READY');
    }
    driver.pass(40_000);
    driver.shelf('t').set('third', 'READY');
    driver.pass(20_000);
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
    expect(jobOf(driver, 'x')!.startsAt).toBeGreaterThan(driver.now + 30_000);
  });
});
