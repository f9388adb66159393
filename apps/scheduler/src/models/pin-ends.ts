import type { ModelId } from '#core';
import type { Engine } from '#engine';
import type { WallTimes } from '../wall-times.js';
import type { Catalog } from './catalog.js';
import { pinNow } from './core-model.js';
import { declaration } from './model-writes.js';

/** Tells the engine of pins whose time is over: it has no wall clock to see it by. */
export class PinEnds {
  constructor(
    private readonly engine: Engine,
    private readonly catalog: Catalog,
    private readonly times: WallTimes,
  ) {}

  tell(): void {
    const { models } = this.engine.fleet;
    for (const entry of this.catalog.declared()) {
      if (entry.effective.pin?.until == null || pinNow(entry.effective, this.times) !== null) continue;
      const isHeld = (models.get(entry.name as ModelId)?.pinnedCopies ?? 0) > 0;
      if (isHeld) this.engine.tell(declaration(entry, this.times));
    }
  }
}
