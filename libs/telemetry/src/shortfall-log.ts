import type { Logger } from 'pino';
import type { Fleet } from '#core';
import type { Observer, Turn } from '#engine';
import { NewShortfalls } from './new-shortfalls.js';

/** One line for each load that ran out of memory where the books had room. */
export class ShortfallLog implements Observer {
  private readonly shortfalls = new NewShortfalls();

  constructor(private readonly log: Logger) {}

  turnTaken(_turn: Turn, fleet: Fleet): void {
    for (const { server, device, model } of this.shortfalls.in(fleet)) {
      const what = `the load of ${model} ran out of memory where the books had room`;
      const then = 'nothing else is loaded there that may not fit until it is measured anew, or for a minute';
      this.log.warn({ server, device, model }, `server ${server}: device ${device}: ${what}; ${then}`);
    }
  }
}
