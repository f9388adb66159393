import type { Untold } from '#testing';
import type { Site } from './site.js';
import type { Trail } from './trail.js';

/** Hears what happens in a server while no call tells of it. */
export function hearUntold(site: Site, trail: Trail, untold: Untold): void {
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
