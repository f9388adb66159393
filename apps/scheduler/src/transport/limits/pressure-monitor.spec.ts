import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Event } from '#core';
import type { Engine } from '#engine';
import { PressureMonitor } from './pressure-monitor.js';

/** A monitor of a process that lags as a test says, and what it told the engine and the log. */
function aMonitor(shedAtLag: number | null = 50) {
  const process = { lag: 0, heap: 0.2, isMeasured: false };
  const told: Event[] = [];
  const lines: string[] = [];
  const engine = { tell: (...events: Event[]) => void told.push(...events) } as unknown as Engine;
  const write = (line: string): void => {
    const { level, msg, lagMs, heapPercent } = JSON.parse(line) as Record<string, unknown>;
    lines.push(
      `${level === 40 ? 'WARN ' : ''}${String(msg)} (${String(lagMs)} ms, ${String(heapPercent)} %)`,
    );
  };
  const gauge = {
    start: () => void (process.isMeasured = true),
    read: () => ({ lag: process.lag, heap: process.heap }),
    stop: () => void (process.isMeasured = false),
  };
  const monitor = new PressureMonitor(gauge, shedAtLag, pino({}, { write }));
  monitor.follow(engine);
  const read = (lag: number, times = 1): void => {
    process.lag = lag;
    for (let nth = 0; nth < times; nth++) monitor.read();
  };
  return { monitor, process, told, lines, read };
}

describe('the monitor of pressure', () => {
  it('tells each change once, with a line', () => {
    const { told, lines, read } = aMonitor();
    read(10, 3);
    read(73.4, 2);
    read(1_500);
    read(10, 5);
    expect(told).toEqual([
      { kind: 'PressureChanged', level: 'high' },
      { kind: 'PressureChanged', level: 'extreme' },
      { kind: 'PressureChanged', level: 'none' },
    ]);
    expect(lines).toEqual([
      'WARN pressure is high: half as many may wait for cold models, and no sheddable newcomers (73 ms, 20 %)',
      'WARN pressure is extreme: as severe, and not ready for callers (1500 ms, 20 %)',
      'pressure is none: every request may wait again (10 ms, 20 %)',
    ]);
  });

  it('does not count the lag of its own start, and counts it again after ten readings or the first in time', () => {
    const brief = aMonitor();
    brief.read(900, 3);
    brief.read(10);
    expect(brief.lines).toEqual([]);
    brief.read(73);
    expect(brief.told).toEqual([{ kind: 'PressureChanged', level: 'high' }]);
    const lasting = aMonitor();
    lasting.read(900, 10);
    expect(lasting.told).toEqual([]);
    lasting.read(900);
    expect(lasting.told).toEqual([{ kind: 'PressureChanged', level: 'severe' }]);
  });

  it('counts a full heap from the start on', () => {
    const { process, told, read } = aMonitor();
    process.heap = 0.9;
    read(900);
    expect(told).toEqual([{ kind: 'PressureChanged', level: 'high' }]);
  });

  it('goes by another lag as soon as it is set', () => {
    const { monitor, told, read } = aMonitor();
    monitor.setLag(null);
    read(5_000);
    monitor.setLag(10);
    read(11);
    expect(told).toEqual([{ kind: 'PressureChanged', level: 'high' }]);
  });

  it('measures between its start and its end', () => {
    const { monitor, process } = aMonitor();
    monitor.start();
    expect(process.isMeasured).toBe(true);
    monitor.stop();
    expect(process.isMeasured).toBe(false);
  });
});
