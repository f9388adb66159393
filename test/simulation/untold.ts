import type { Untold } from '#testing';
import type { Trail } from './trail.js';

/** The site of a server. */
interface Hearer {
  readonly id: string;
  stepReread(step: string): void;
}

/** Hears what happens in a server while no call tells of it. */
export function hearUntold(site: Hearer, trail: Trail, untold: Untold): void {
  switch (untold.kind) {
    case 'step read anew':
      return site.stepReread(untold.step);
    case 'call fails':
      trail.note(`${site.id} fails a call of ${untold.call} for once`);
      return trail.mark(`${untold.call} failed for once`);
    case 'dies of unloads':
      return trail.note(`${site.id} dies of the unloads of ${untold.models.join(', ')}`);
  }
}
