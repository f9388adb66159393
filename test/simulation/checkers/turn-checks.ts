import type { Fleet, Replica, ReplicaId } from '#core';
import type { Observer, Turn } from '#engine';
import { answersOnce, permanentAnswersAreSure, routesAreReady } from './answers.js';
import { secondLook, wakesLater } from './decisions.js';
import { evictsOnlyForNeed, heldWithinCapacity, loadsFit } from './memory.js';
import {
  idlesLongEnough,
  leasesHold,
  loadsWithinLimits,
  onlyInContact,
  pinsStay,
  waitsOutBackOff,
} from './orders.js';
import type { Check, Scene } from './scene.js';

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

  constructor(private readonly around: Pick<Scene, 'routes' | 'sites' | 'trail' | 'life'>) {}

  turnTaken(turn: Turn, fleet: Fleet): void {
    const scene: Scene = { ...this.around, turn, fleet, before: this.before };
    for (const check of CHECKS) check(scene);
    this.before = new Map(fleet.replicas);
  }
}
