import { Now } from '#core';
import { Inject, Injectable } from '@nestjs/common';
import { type ModelId, whyOf } from '#core';
import { type ExplanationMessage, explanationView } from '#contracts';
import { PerTerm } from '../per-term.js';
import type { Engine } from '#engine';
import type { ModelList } from '../models/model-list.js';
import type { WallTimes } from '../wall-times.js';

/** Says why a model is where it is, or nowhere. Starts nothing. */
@Injectable()
export class Explanations {
  constructor(
    @Inject(PerTerm)
    private readonly term: PerTerm<{
      readonly engine: Engine;
      readonly models: ModelList;
      readonly times: WallTimes;
    }>,
  ) {}

  of(name: string): ExplanationMessage {
    const { engine, models, times } = this.term.certain;
    const { source, effective } = models.entry(name);
    const why = whyOf(engine.fleet, name as ModelId, new Now(engine.now()));
    return explanationView(why, { source, enabled: effective.enabled }, times);
  }
}
