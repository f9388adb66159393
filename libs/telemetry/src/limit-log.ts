import type { Logger } from 'pino';
import type { Fleet, Model, ModelId } from '#core';
import type { Observer, Turn } from '#engine';
import { News } from './news.js';

/** One line for each model that is found to take more than its limit, with what comes of it. */
export class LimitLog implements Observer {
  private readonly news = new News<ModelId>();

  constructor(private readonly log: Logger) {}

  turnTaken(_turn: Turn, { limitViolations, models }: Fleet): void {
    for (const [id, { bytes }] of this.news.in(limitViolations, (excess) => excess.bytes)) {
      const model = models.get(id);
      if (!model) continue;
      const { gpuBytes, onLimitExceeded: policy } = model;
      const facts = { model: id, measuredMb: mib(bytes), limitMb: mib(gpuBytes), policy };
      const sizes = `${facts.measuredMb} MiB on one device, above its limit of ${facts.limitMb} MiB`;
      this.log.warn(facts, `${id} was measured to take ${sizes}: ${WORDS[policy]}`);
    }
  }
}

const WORDS: Readonly<Record<Model['onLimitExceeded'], string>> = {
  warn: 'it is booked with that from now on',
  unload: 'it is unloaded, unless it is pinned, and booked with that from now on',
  quarantine: 'it is unloaded and not loaded again, unless it is pinned or an admin orders it',
};

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
