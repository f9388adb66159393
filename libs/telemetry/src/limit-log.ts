import type { Logger } from 'pino';
import type { Fleet, Model } from '#core';
import type { Observer, Turn } from '#engine';
import { NewExcesses } from './new-excesses.js';

/** One line for each model that is found to take more than its limit, with what comes of it. */
export class LimitLog implements Observer {
  private readonly excesses = new NewExcesses();

  constructor(private readonly log: Logger) {}

  turnTaken(_turn: Turn, fleet: Fleet): void {
    for (const { model, bytes, limit, policy } of this.excesses.in(fleet)) {
      const facts = { model, measuredMb: mib(bytes), limitMb: mib(limit), policy };
      const sizes = `${facts.measuredMb} MiB on one device, above its limit of ${facts.limitMb} MiB`;
      this.log.warn(facts, `${model} was measured to take ${sizes}: ${WORDS[policy]}`);
    }
  }
}

const WORDS: Readonly<Record<Model['onLimitExceeded'], string>> = {
  warn: 'it is booked with that from now on',
  unload: 'it is unloaded, unless it is pinned, and booked with that from now on',
  quarantine: 'it is unloaded and not loaded again, unless it is pinned or an admin orders it',
};

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
