import { Agenda } from '#triton-simulator';
import { makePlan } from './make-plan.js';
import type { PlannedModel } from './plan.js';
import { Site } from './site.js';
import { Trail } from './trail.js';

/** A site with one GPU of 100 bytes, of which a bare server takes none, and these models on its disk. */
export function smallSite(disks: readonly PlannedModel['disk'][]): {
  readonly agenda: Agenda;
  readonly trail: Trail;
  readonly site: Site;
} {
  const [server] = makePlan(1, { hours: 0.01 }).servers;
  const devices = [{ ordinal: 0, uuid: 'GPU-0', memoryBytes: 100 }];
  const setup = { ...server!.setup, devices, options: { ...server!.setup.options, baselineBytes: 0 } };
  const agenda = new Agenda();
  const trail = new Trail(() => agenda.now(), false);
  const models = disks.map((disk) => ({ disk }));
  return { agenda, trail, site: new Site({ ...server!, setup }, models as never, agenda, trail) };
}
