import { emptyFleet, type Fleet } from '#core';
import type { Observer, Turn } from '#engine';
import { inShort } from '../../checkers/in-short.js';
import { TurnPromises } from '../../checkers/promises.js';
import type { TurnScene } from '../../checkers/scene.js';
import { heldWithinCapacity, keepsBooks } from './memory.js';
import { idlesLongEnough, leasesHold, loadsWithinLimits } from './orders.js';
import type { Check, Scene } from './scene.js';
import { closesForAWindow } from './surprises.js';

/** Beside the promises that turns alone can be held against. */
const CHECKS: readonly Check[] = [
  keepsBooks,
  closesForAWindow,
  heldWithinCapacity,
  loadsWithinLimits,
  leasesHold,
  idlesLongEnough,
];

type Around = Pick<Scene, 'routes' | 'sites' | 'trail' | 'life'>;

/** Holds every promise against every turn of one life of Berth. */
export class TurnChecks implements Observer {
  private readonly promises: TurnPromises;

  constructor(private readonly around: Around) {
    this.promises = new TurnPromises(emptyFleet(), around.trail);
  }

  turnTaken(turn: Turn, fleet: Fleet): void {
    note(turn, this.around.trail);
    this.promises.turnTaken(turn, fleet, (beside) => {
      const scene = sceneOf(beside, this.around);
      markSurprises(scene);
      for (const check of CHECKS) check(scene);
    });
  }
}

/** Key by key: to spread two objects in every turn took as long as all these checks. */
const sceneOf = (beside: TurnScene, { routes, sites, trail, life }: Around): Scene => ({
  turn: beside.turn,
  fleet: beside.fleet,
  before: beside.before,
  changes: beside.changes,
  memory: beside.memory,
  wantedBefore: beside.wantedBefore,
  history: beside.history,
  routes,
  sites,
  trail,
  life,
});

/** What an ensemble brings along cannot be booked before its first load has told. */
function markSurprises({ turn, fleet, sites }: Scene): void {
  for (const action of turn.actions) {
    if (action.kind !== 'load') continue;
    const site = sites.get(action.server)!;
    const steps = site.sim.repository.model(action.model)?.steps ?? [];
    const known = [
      ...(fleet.steps.get(action.model) ?? []),
      ...(fleet.models.get(action.model)?.dependsOn ?? []),
    ];
    if (!steps.every((step) => known.some((one) => one === step))) site.isMuddled = true;
  }
}

/** Looks come and go all the time; all else is worth a line. */
function note({ events, actions }: Turn, trail: Scene['trail']): void {
  const heard = events.flatMap(inShort);
  const decided = actions.flatMap(inShort);
  if (heard.length + decided.length > 0) trail.note(`${heard.join(', ')} -> ${decided.join(', ')}`);
}
