import { Inject, Injectable } from '@nestjs/common';
import { type ModelId, whyOf } from '#core';
import type { ExplanationMessage } from '#contracts';
import { Running } from '../running.js';
import { explanationView } from './explanation-view.js';

/** Says why a model is where it is, or nowhere. Starts nothing. */
@Injectable()
export class Explanations {
  constructor(@Inject(Running) private readonly running: Running) {}

  of(name: string): ExplanationMessage {
    const { engine, models, times } = this.running.certain;
    return explanationView(models.entry(name), whyOf(engine.fleet, name as ModelId, engine.now()), times);
  }
}
