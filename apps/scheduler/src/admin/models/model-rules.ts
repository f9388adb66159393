import { Inject, Injectable } from '@nestjs/common';
import { dependencyCycle } from '#config';
import { Engine } from '#engine';
import { invalid } from '../../transport/errors/refused.js';
import { WallTimes } from '../../transport/wall-times.js';
import { Catalog } from './catalog.js';
import { coreModel } from './core-model.js';
import type { Entry } from './layers.js';
import { checkPins } from './pin-room.js';

/** What is said of a model now, and what is to be. */
export interface EntryChange {
  readonly before: Entry;
  readonly after: Entry;
}

/** What must hold over all models: no circle of dependencies, and room for every pin. */
@Injectable()
export class ModelRules {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(WallTimes) private readonly times: WallTimes,
  ) {}

  /** Refuses changes that break it. `pathOf` tells where the dependencies of a model stand in what was asked for. */
  check(changes: readonly EntryChange[], pathOf: (model: string) => string): void {
    const { catalog, engine, times } = this;
    const changed = new Set(changes.map(({ after }) => after.name));
    const others = catalog.declared().filter(({ name }) => !changed.has(name));
    const all = [...others, ...changes.map(({ after }) => after)];
    const graph = new Map(all.map(({ name, effective }) => [name, effective.dependsOn]));
    const mayClose = changes.some(({ after }) => after.effective.dependsOn.length > 0);
    const cycle = mayClose ? dependencyCycle(graph) : null;
    if (cycle) {
      const path = pathOf(cycle.find((name) => changed.has(name)) ?? '');
      throw invalid([{ path, rule: `must not lead back to itself: ${cycle.join(' -> ')}` }]);
    }
    const pinned = others
      .map((entry) => coreModel(entry, times))
      .filter(({ pinnedCopies }) => pinnedCopies > 0);
    const pins = changes.map(({ before, after }) => {
      return { before: coreModel(before, times), after: coreModel(after, times) };
    });
    checkPins(engine.fleet, pinned, pins);
  }
}
