import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Event } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { ClosedLog } from './closed-log.js';
import { FlagLog } from './flag-log.js';
import { Metrics } from './metrics.js';

const SERVER = aServer('s').id;
/** Long enough for a clean sample, wherever looks begin. */
const REST = 25_000;

/** A server with one GPU of 10, and what is logged and counted of it. */
class Watched {
  readonly driver = new CoreDriver().declare(aModel('m', { config: '{}' }));
  readonly metrics = new Metrics({ now: () => this.driver.now });
  private lines: string[] = [];
  private readonly log = pino(
    { level: 'debug' },
    { write: (line: string) => void this.lines.push(words(line)) },
  );
  private readonly observers = [new ClosedLog(this.log), new FlagLog(this.log), this.metrics];

  /** Bytes in use; null: nothing tells. */
  constructor(used: number | null) {
    this.metrics.begin({ term: 1, isStoreOk: () => true });
    this.driver.serve(aServer('s'), ['m'], used === null ? null : [{ uuid: 's-0', memory: 10, used }]);
  }

  /** What is logged of the last look, and told once. */
  told(): string[] {
    const look = this.driver.shelf('s').look(this.driver.now, 'full', false);
    const events: Event[] = [{ kind: 'Looked', server: SERVER, look }];
    for (let turn = 0; turn < 2; turn += 1)
      for (const observer of this.observers)
        observer.turnTaken({ events, actions: [], now: this.driver.now, took: 0 }, this.driver.fleet);
    const told = this.lines;
    this.lines = [];
    return told;
  }

  runsOut(): void {
    this.driver.resolve('m');
    this.driver.pass(400);
    this.driver.loadEnds('m', 's', 'capacity');
  }
}

function words(line: string): string {
  const { level, msg } = JSON.parse(line) as { level: number; msg: string };
  return `${level} ${msg}`;
}

describe('a load that ran out of memory although the books had room', () => {
  it('is told once with what comes of it, and so is the end of that', async () => {
    const watched = new Watched(0);
    watched.driver.pass(REST);
    expect(watched.told()).toEqual([]);
    watched.runsOut();
    expect(watched.told()).toEqual([
      '40 server s: device 0: load of m ran out of memory although the books had room; ' +
        'nothing is loaded there before the next clean sample, in about 3 s',
    ]);
    const closed = 'berth_devices_closed{server="s",device="0",because="ran_out"} 1';
    expect(String(await watched.metrics.text())).toContain('berth_memory_shortfalls_total{server="s"} 1');
    expect(String(await watched.metrics.text())).toContain(closed);
    watched.driver.pass(3_000);
    expect(watched.told()).toEqual(['30 server s: device 0 is open again after 3 s']);
    expect(String(await watched.metrics.text())).not.toContain('berth_devices_closed{');
  });

  it('is told of a device that nothing measures', () => {
    const watched = new Watched(null);
    expect(watched.told()).toEqual([expect.stringContaining('device 0 unmeasured')]);
    watched.runsOut();
    expect(watched.told()).toEqual([
      '40 server s: device 0: load of m ran out of memory although the books had room; ' +
        'for a minute it has less room than that load asked for',
    ]);
  });
});

describe('a device that is closed at a start', () => {
  it('is told for those who debug, and no end of it', () => {
    const watched = new Watched(5);
    watched.driver.pass(1_000);
    expect(watched.told()).toEqual([
      '20 server s: device 0 is closed: the books do not explain all that is in use',
    ]);
    watched.driver.pass(REST);
    expect(watched.told()).toEqual([]);
  });
});
