import type { Fault } from '#triton-simulator';
import type { Doings, HappeningOf } from './happenings.js';
import type { Site } from './site.js';
import type { Stage } from './stage.js';

type Switched =
  | 'oomKills'
  | 'unloadsCrash'
  | 'ordersOvertake'
  | 'takesLate'
  | 'callFails'
  | 'memoryBackLate'
  | 'slowIndex'
  | 'slowHandler'
  | 'slowLoad'
  | 'loadFails'
  | 'metricsDown'
  | 'residue'
  | 'foreign'
  | 'repository';

/** What a server has a switch for, and what changes on its disk. */
export function switches(stage: Stage): Pick<Doings, Switched> {
  const site = (id: string): Site => stage.sites.get(id)!;
  return {
    oomKills: (one) => mayDie(stage, one, 'oomKillsProcess'),
    unloadsCrash: (one) => mayDie(stage, one, 'unloadsCrash'),
    ordersOvertake: (one) =>
      during(stage, one, { kind: 'ordersOvertake' }, { kind: 'ordersOvertake', on: false }),
    takesLate: (one) => during(stage, one, { kind: 'takesLate' }, { kind: 'takesLate', on: false }),
    callFails: ({ server, call, times }) => site(server).sim.inject({ kind: 'callFails', call, times }),
    memoryBackLate: (one) =>
      during(stage, one, { kind: 'memoryBackLate', ms: one.by }, { kind: 'memoryBackLate', ms: 0 }),
    slowIndex: (one) => during(stage, one, { kind: 'indexDelay', ms: one.by }, { kind: 'indexDelay', ms: 0 }),
    slowHandler: (one) =>
      during(stage, one, { kind: 'commonHandlerDelay', ms: one.by }, { kind: 'commonHandlerDelay', ms: 0 }),
    slowLoad: (one) => {
      const { model, by } = one;
      during(stage, one, { kind: 'loadSlow', model, ms: by }, { kind: 'loadSlow', model, ms: 0 });
    },
    loadFails: (one) => {
      const { model, text } = one;
      during(stage, one, { kind: 'loadFails', model, text }, { kind: 'loadFails', model, text: '' });
    },
    metricsDown: (one) => during(stage, one, { kind: 'metricsDown' }, { kind: 'metricsDown', on: false }),
    residue: ({ server, model, bytes }) => site(server).sim.inject({ kind: 'residue', model, bytes }),
    foreign: ({ server, device, bytes, lasts }) => crowd(stage, site(server), device, bytes, lasts),
    repository: ({ server, model, change }) => {
      if (change === 'removed') hide(stage, site(server), model);
      // What was unloaded without a row, and is stuck, turns up with the row: it was taken to be gone.
      if (change === 'restored' && isThere(site(server), model)) site(server).isMuddled = true;
      return changeRepository(site(server), model, change);
    },
  };
}

/** How long it takes the supervisor of a server to see that it has died. */
const RESTARTED_WITHIN = 2_000;

/** For some time the process may die of what it is told to do. */
function mayDie(
  stage: Stage,
  happening: HappeningOf<'oomKills'> | HappeningOf<'unloadsCrash'>,
  kind: 'oomKillsProcess' | 'unloadsCrash',
): void {
  const site = stage.sites.get(happening.server)!;
  site.watch((news) => {
    if (news !== 'down' || site.isHeldDown) return;
    stage.agenda.after(RESTARTED_WITHIN, () => {
      if (!site.isGone) site.sim.start();
    });
  });
  during(stage, happening, { kind }, { kind, on: false });
}

/** Switches a fault on, and some time later off. */
function during(
  { sites, agenda }: Stage,
  { server, lasts }: { readonly server: string; readonly lasts: number | null },
  begin: Fault,
  end: Fault,
): void {
  const site = sites.get(server)!;
  site.sim.inject(begin);
  if (lasts !== null) agenda.after(lasts, () => site.sim.inject(end));
}

/**
 * The row of a model goes with its directory. What is stuck is not to be seen any more, and after so long it is taken
 * to be gone. From then on memory may run out, and the orders for it are forgotten.
 */
function hide({ agenda, told }: Stage, site: Site, model: string): void {
  const { incarnation } = site;
  agenda.after(told.limits.stuckAfter, () => {
    const isStuck = site.sim
      .copies()
      .some((copy) => copy.model === model && (copy.phase !== 'serving' || !copy.isVisible));
    if (!isStuck || site.incarnation !== incarnation) return;
    site.isMuddled = true;
    for (const order of site.open) if (order.model === model) site.open.delete(order);
  });
}

const isThere = ({ sim }: Site, model: string): boolean =>
  sim.copies().some((copy) => copy.model === model && copy.phase !== 'gone');

/** Another process is on a GPU, and takes no more of it than there is left. */
function crowd(
  { agenda }: Stage,
  site: Site,
  device: number,
  bytes: number,
  lasts: number | null,
): string | void {
  const set = (wanted: number): string | void => {
    const gpu = site.surprises.on(device);
    if (!gpu) return 'there is no such device';
    const left = site.sim.capacityOf(device) - site.sim.memoryUsed(device) + gpu.foreign;
    gpu.foreign = Math.min(wanted, Math.max(0, left));
    site.sim.inject({ kind: 'foreignMemory', device, bytes: gpu.foreign });
  };
  if (lasts !== null) agenda.after(lasts, () => set(0));
  return set(bytes);
}

function changeRepository(
  { sim: { repository }, rewritten }: Site,
  model: string,
  change: HappeningOf<'repository'>['change'],
): string | void {
  rewritten.add(model);
  switch (change) {
    case 'removed':
      return repository.remove(model) ? undefined : 'it is not there';
    case 'restored':
      return repository.restore(model) ? undefined : 'it was not removed';
    case 'touched':
      return repository.touch(model, 'files') ? undefined : 'it is not there';
    case 'new version': {
      const newest = repository.versionsNow(model)?.at(-1) ?? 0;
      return repository.writeVersion(model, newest + 1, false) ? undefined : 'it is not there';
    }
  }
}
