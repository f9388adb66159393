import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Metrics } from './metrics.js';
import { ShortfallLog } from './shortfall-log.js';

it('tells once that a load ran out of memory where the books had room', async () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new ShortfallLog(pino({}, { write }));
  const driver = new CoreDriver().declare(aModel('m')).serve(aServer('s'), ['m']);
  const metrics = new Metrics({ now: () => driver.now });
  driver.resolve('m');
  driver.loadEnds('m', 's', 'capacity');
  for (let turn = 0; turn < 2; turn += 1) {
    for (const observer of [log, metrics]) {
      observer.turnTaken({ events: [], actions: [], now: driver.now, took: 0 }, driver.fleet);
    }
  }
  expect(lines).toEqual([
    'server s: device 0: the load of m ran out of memory where the books had room; ' +
      'nothing else is loaded there that may not fit until it is measured anew, or for a minute',
  ]);
  expect(String(await metrics.text())).toContain('berth_memory_shortfalls_total{server="s"} 1');
});
