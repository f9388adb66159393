import type { SimulatedTriton, Untold } from '#triton-simulator';
import { NOBODY, type OpenOrder } from './open-order.js';
import type { Trail } from './trail.js';

/** The site of a server. */
interface Hearer {
  readonly id: string;
  readonly open: ReadonlySet<OpenOrder>;
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
      return trail.expect(!isOfOneBerth(site, untold.models), () => died(site, untold.models));
  }
}

/**
 * Whether another load runs in a server, or one of the model itself that no look shows: of an ensemble that is read anew, or of what was
 * removed from the repository. An order that waits for it once its call is over looks like one that has failed; a load that is stuck
 * keeps no other from being ordered again.
 */
export const mayWaitUnseen = (sim: SimulatedTriton, name: string): boolean =>
  sim
    .copies()
    .some(
      ({ model, phase, isVisible }) =>
        phase === 'loading' && !(model === name && isVisible && sim.repository.names().includes(name)),
    );

const died = ({ id }: Hearer, models: readonly string[]): string =>
  `${id} died of the unloads of ${models.join(', ')} at once`;

/** Whether one living Berth has sent all of these unloads, and so has had in its hand to send fewer at a time. */
function isOfOneBerth({ open }: Hearer, models: readonly string[]): boolean {
  const unloads = [...open].filter(({ kind }) => kind === 'unload');
  const lives = models.map((name) => unloads.find(({ model }) => model === name)?.life ?? NOBODY);
  return lives[0] !== NOBODY && lives.every((life) => life === lives[0]);
}
