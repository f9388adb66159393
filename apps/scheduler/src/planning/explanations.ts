import { type ModelId, whyOf } from '#core';
import type { Engine } from '#engine';
import type { ExplanationMessage } from '#contracts';
import type { ModelList } from '../models/model-list.js';
import type { WallTimes } from '../wall-times.js';
import { explanationView } from './explanation-view.js';

/** Says why a model is where it is, or nowhere. Starts nothing. */
export class Explanations {
  constructor(
    private readonly engine: Engine,
    private readonly models: ModelList,
    private readonly times: WallTimes,
  ) {}

  of(name: string): ExplanationMessage {
    const entry = this.models.entry(name);
    return explanationView(entry, whyOf(this.engine.fleet, name as ModelId, this.engine.now()), this.times);
  }
}
