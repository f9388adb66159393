import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Event } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { FlagLog } from './flag-log.js';

it('tells once that a server or a device is odd, and when that is over', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new FlagLog(pino({}, { write }));
  const driver = new CoreDriver().declare(aModel('a', { idleUnload: null })).serve(aServer('s'), ['a']);
  const look = (used: number | null): void => {
    driver.shelf('s').gpus = used === null ? null : [{ uuid: 's-0', memory: 10, used }];
    driver.pass(25_000);
    const seen = { ...driver.shelf('s').look(driver.now, 'full', false) };
    const events: Event[] = [{ kind: 'Looked', server: aServer('s').id, look: seen }];
    for (let turn = 0; turn < 2; turn += 1) {
      log.turnTaken({ events, actions: [], now: driver.now, took: 0 }, driver.fleet);
    }
  };
  look(0);
  driver.warm('a', 's');
  look(1);
  look(9);
  look(null);
  look(1);
  expect(lines).toEqual([
    'server s: device 0 overcommitted, more is held than is left for us; it takes nothing new',
    'server s: device 0 unmeasured, the metrics say nothing of it; the declared sizes are gone by',
    'server s: no longer device 0 overcommitted',
    'server s: no longer device 0 unmeasured',
  ]);
});
