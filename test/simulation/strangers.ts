import type { Instant } from '#core';
import type { Timers } from '#testing';
import type { PlannedModel } from './planned.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Trail } from './trail.js';

interface Parts {
  readonly agenda: Timers;
  readonly random: Random;
  readonly trail: Trail;
  readonly sites: readonly Site[];
  readonly models: readonly PlannedModel[];
}

/** Somebody else with access to the same servers, who loads and unloads as they please. */
export class Strangers {
  constructor(private readonly parts: Parts) {}

  keepMeddling(every: number, end: Instant): void {
    if (every === Infinity) return;
    const { agenda, random } = this.parts;
    agenda.after(random.pause(every), () => {
      if (agenda.now() >= end) return;
      this.meddle();
      this.keepMeddling(every, end);
    });
  }

  private meddle(): void {
    const { random, trail, sites, models } = this.parts;
    const site = random.pick(sites);
    const { name } = random.pick(models).disk;
    const verb = random.chance(0.5) ? 'load' : 'unload';
    trail.note(`somebody else: ${verb} ${name}@${site.id}`);
    trail.mark(`stranger ${verb}`);
    if (verb === 'load') site.isMuddled = true;
    site.disturb();
    site.sim[verb](name, {}, () => site.disturb());
  }
}
