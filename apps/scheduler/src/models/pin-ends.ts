import type { ModelId } from '#core';
import { pinNow } from './core-model.js';
import { declaration } from './model-writes.js';
import type { ModelPorts } from './together.js';

/** Tells the engine of pins whose time is over: it has no wall clock to see it by. */
export function tellPinEnds({ catalog, engine, times }: ModelPorts): void {
  const { models } = engine.fleet;
  for (const entry of catalog.declared()) {
    if (entry.effective.pin?.until == null || pinNow(entry.effective, times) !== null) continue;
    const isHeld = (models.get(entry.name as ModelId)?.pinnedCopies ?? 0) > 0;
    if (isHeld) engine.tell(declaration(entry, times));
  }
}
