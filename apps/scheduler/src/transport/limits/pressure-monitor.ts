import type { Logger } from 'pino';
import type { Millis, PressureLevel } from '#core';
import type { Engine } from '#engine';
import type { ProcessGauge } from './process-gauge.js';
import { calledFor, heard, highest, type Reading } from './pressure-rule.js';

/** A start is over after so many readings, however late the process is. */
const STARTING = 10;

/** Tells the engine how hard our own work presses this process, whenever that changes. */
export class PressureMonitor {
  private called: readonly PressureLevel[] = [];
  private told: PressureLevel = 'none';
  /** How many more late readings may be those of Berth's own start. */
  private ofTheStart = STARTING;
  private engine: Pick<Engine, 'tell'> | null = null;

  /** @param gauge null: nothing is measured, and there never is any pressure. */
  constructor(
    private readonly gauge: ProcessGauge | null,
    private shedAtLag: Millis | null,
    private readonly log: Logger,
  ) {}

  /** How hard it is now. */
  get level(): PressureLevel {
    return this.told;
  }

  /** From now on this engine is told, of the present level, too; null: none is. */
  follow(engine: Pick<Engine, 'tell'> | null): void {
    this.engine = engine;
    if (this.told !== 'none') engine?.tell({ kind: 'PressureChanged', level: this.told });
  }

  /** Takes up another lag at which shedding begins; null: none. */
  setLag(shedAtLag: Millis | null): void {
    this.shedAtLag = shedAtLag;
  }

  start(): void {
    this.gauge?.start();
  }

  /** Called about once a second. */
  read(): void {
    if (!this.gauge) return;
    const reading = this.afterTheStart(this.gauge.read());
    this.called = heard(this.called, calledFor(reading, this.shedAtLag));
    const level = highest(this.called);
    if (level === this.told) return;
    this.told = level;
    this.engine?.tell({ kind: 'PressureChanged', level });
    this.say(level, reading);
  }

  stop(): void {
    this.gauge?.stop();
  }

  /** The work of a start makes the process late, and no caller could help that: its lag counts once it was in time. */
  private afterTheStart(reading: Reading): Reading {
    if (this.ofTheStart === 0) return reading;
    const isLate = calledFor({ ...reading, heap: 0 }, this.shedAtLag) !== 'none';
    this.ofTheStart = isLate ? this.ofTheStart - 1 : 0;
    return { ...reading, lag: 0 };
  }

  private say(level: PressureLevel, { lag, heap }: Reading): void {
    const facts = { pressure: level, lagMs: Math.round(lag), heapPercent: Math.round(100 * heap) };
    const words = `pressure is ${level}: ${WORDS[level]}`;
    if (level === 'none') this.log.info(facts, words);
    else this.log.warn(facts, words);
  }
}

const WORDS: Readonly<Record<PressureLevel, string>> = {
  none: 'every request may wait again',
  high: 'half as many may wait for cold models, and no sheddable newcomers',
  severe: 'half as many may wait for cold models, and only critical newcomers',
  extreme: 'as severe, and not ready for callers',
};
