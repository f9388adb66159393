import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { MoveLog } from './move-log.js';

it('tells once that a copy is moved and for which model, and that it stays where that comes to nothing', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new MoveLog(pino({}, { write }));
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 4, pinnedCopies: 1 }), aModel('x', { gpuBytes: 8 }))
    .serve(aServer('t', [10]), ['a', 'x']);
  driver.loadEnds('a', 't');
  driver.serve(aServer('u', [5]), ['a']).pass(61_000);
  const told = (): void => log.turnTaken({ events: [], actions: [], now: driver.now, took: 0 }, driver.fleet);
  driver.resolve('x');
  told();
  told();
  driver.loadEnds('a', 'u', 'capacity');
  told();
  expect(lines).toEqual([
    'moving a@t to a@u, to make room for x',
    'a@t stays: its move to a@u came to nothing',
  ]);
});
