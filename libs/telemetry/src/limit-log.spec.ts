import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { ModelId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { LimitLog } from './limit-log.js';
import { Metrics } from './metrics.js';

const MIB = 2 ** 20;

it('tells once that a model is measured above its limit, and again where it is much more', async () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new LimitLog(pino({}, { write }));
  const driver = new CoreDriver()
    .declare(aModel('m', { gpuBytes: 1_000 * MIB, pinnedCopies: 1, onLimitExceeded: 'unload' }))
    .serve(aServer('s', [8_000 * MIB]), ['m']);
  driver.loadEnds('m', 's');
  const metrics = new Metrics({ now: () => driver.now });
  for (const mib of [900, 1_100, 1_110, 1_500]) {
    driver.shelf('s').memory.set('m' as ModelId, [{ ordinal: 0, bytes: mib * MIB }]);
    driver.pass(11_000);
    const turn = { events: [], actions: [], now: driver.now, took: 0 };
    for (const observer of [log, metrics]) observer.turnTaken(turn, driver.fleet);
  }
  const words = 'it is unloaded, unless it is pinned, and booked with that from now on';
  expect(lines).toEqual([
    `m was measured to take 1100 MiB on one device, above its limit of 1000 MiB: ${words}`,
    `m was measured to take 1500 MiB on one device, above its limit of 1000 MiB: ${words}`,
  ]);
  expect(String(await metrics.text())).toContain('berth_limit_exceeded_total{policy="unload"} 2');
});
