import type { Fleet, Instant, ModelId, Replica, ReplicaId } from '#core';
import type { Observer, Turn } from '#engine';
import { answersOnce, permanentAnswersAreSure, routesAreReady } from '../../checkers/answers.js';
import { secondLook, wakesLater } from '../../checkers/decisions.js';
import { evictsOnlyForNeed, loadsFit } from '../../checkers/memory.js';
import { heldWithinCapacity } from './memory.js';
import { onlyInContact, pinsStay, waitsOutBackOff } from '../../checkers/orders.js';
import { idlesLongEnough, leasesHold, loadsWithinLimits } from './orders.js';
import type { Check, Scene } from './scene.js';
import { inShort } from '../../checkers/in-short.js';

const CHECKS: readonly Check[] = [
  secondLook,
  wakesLater,
  loadsFit,
  heldWithinCapacity,
  evictsOnlyForNeed,
  onlyInContact,
  loadsWithinLimits,
  waitsOutBackOff,
  pinsStay,
  leasesHold,
  idlesLongEnough,
  permanentAnswersAreSure,
  routesAreReady,
  answersOnce,
];

/** Holds every promise against every turn of one life of Berth. */
export class TurnChecks implements Observer {
  private before: ReadonlyMap<ReplicaId, Replica> = new Map();
  private wantedBefore: ReadonlyMap<ModelId, Instant> = new Map();

  constructor(private readonly around: Pick<Scene, 'routes' | 'sites' | 'trail' | 'life'>) {}

  turnTaken(turn: Turn, fleet: Fleet): void {
    const scene: Scene = {
      ...this.around,
      turn,
      fleet,
      before: this.before,
      wantedBefore: this.wantedBefore,
    };
    note(turn, this.around.trail);
    markSurprises(scene);
    for (const check of CHECKS) check(scene);
    this.before = new Map(fleet.replicas);
    this.wantedBefore = new Map(fleet.wantedSince);
  }
}

/** Nobody can book what an ensemble brings along before its first load has told. */
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
