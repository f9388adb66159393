import { Now } from '#core';
import { Inject, Injectable } from '@nestjs/common';
import { type ModelId, whyOf } from '#core';
import { type ExplanationMessage, explanationLines, explanationView } from '#contracts';
import { Engine } from '#engine';
import { ModelList } from '../models/model-list.js';
import { WallTimes } from '../../transport/wall-times.js';

/** Says why a model is where it is, or nowhere. Starts nothing. */
@Injectable()
export class Explanations {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ModelList) private readonly models: ModelList,
    @Inject(WallTimes) private readonly times: WallTimes,
  ) {}

  of(name: string): ExplanationMessage {
    const { engine, models, times } = this;
    const { source, effective } = models.entry(name);
    const why = whyOf(engine.fleet, name as ModelId, new Now(engine.now()));
    const told = explanationView(why, { source, enabled: effective.enabled }, times);
    return { ...told, lines: explanationLines(told, times.wallNow()) };
  }
}
