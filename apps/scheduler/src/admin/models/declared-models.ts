import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { ModelId } from '#core';
import { Engine } from '#engine';
import { WallTimes } from '../../transport/wall-times.js';
import { type BaseLayers, Catalog } from './catalog.js';
import { pinNow } from './core-model.js';
import { declaration } from './model-writes.js';

/** Tells the engine of what is declared, where no caller does. */
@Injectable()
export class DeclaredModels {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(WallTimes) private readonly times: WallTimes,
  ) {}

  /** All of it, as a term begins. */
  tell(): void {
    this.engine.tell(...this.catalog.declared().map((entry) => declaration(entry, this.times)));
  }

  /** Another file holds: what is gone from it is withdrawn, and what did not change is not told again. */
  takeBase(base: BaseLayers): void {
    const { catalog, engine, times } = this;
    const old = new Map(catalog.declared().map((entry) => [entry.name, entry]));
    catalog.setBase(base);
    const names = new Set([...old.keys(), ...catalog.declared().map(({ name }) => name)]);
    for (const name of names) {
      const entry = catalog.entry(name);
      if (!isDeepStrictEqual(old.get(name), entry)) engine.tell(declaration(entry, times));
    }
  }

  /** The time of a pin may be over: the engine has no wall clock to see it by. */
  @Interval(1_000)
  tellPinEnds(): void {
    const { models } = this.engine.fleet;
    for (const entry of this.catalog.declared()) {
      if (entry.effective.pin?.until == null || pinNow(entry.effective, this.times) !== null) continue;
      const isHeld = (models.get(entry.name as ModelId)?.pinnedCopies ?? 0) > 0;
      if (isHeld) this.engine.tell(declaration(entry, this.times));
    }
  }
}
