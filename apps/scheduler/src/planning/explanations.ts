import { Now } from '#core';
import { Inject, Injectable } from '@nestjs/common';
import { type ModelId, whyOf } from '#core';
import { type ExplanationMessage, explanationView } from '#contracts';
import { Running } from '../running.js';

/** Says why a model is where it is, or nowhere. Starts nothing. */
@Injectable()
export class Explanations {
  constructor(@Inject(Running) private readonly running: Running) {}

  of(name: string): ExplanationMessage {
    const { engine, models, times } = this.running.certain;
    const { source, effective } = models.entry(name);
    const why = whyOf(engine.fleet, name as ModelId, new Now(engine.now()));
    return explanationView(why, { source, enabled: effective.enabled }, times);
  }
}
