import { type Fleet, type Instant, memoryOf, type ModelId, type Replica, type ReplicaId } from '#core';
import {
  answersOnce,
  nobodyWaitsTooLong,
  unreachableIsTooLate,
  oneAnswerEach,
  permanentAnswersAreSure,
  routesAreReady,
  theLateAreGrantedNothing,
} from './answers.js';
import {
  cancelledAreForgotten,
  disabledStayAway,
  drainsKeepTheirDeadline,
  drainsLetGo,
  firstLooksComeFirst,
  infeasibleIsTrue,
  keptStrangersStay,
} from './bounds.js';
import { bookingsEndForCause, restartsEndBookings } from './endings.js';
import { copiesDoNotFlap, copiesStayWithinMax, extrasTakeLittle, warmCopiesStay } from './copies.js';
import { comesToRest, secondLook, wakesLater } from './decisions.js';
import { frozenMeansFrozen } from './freezes.js';
import { takeoversLookTwice } from './takeovers.js';
import { revisionsTellOfRoutes, watchersAreHeard } from './watchers.js';
import { failingIsReplacedOnce } from './failing.js';
import { limitsAreDealtWith } from './limits.js';
import { higherClassesLoadFirst } from './load-order.js';
import { promisesAreKept } from './kept-promises.js';
import { History } from './history.js';
import {
  goingMeansGoing,
  loadsNameWhatIsThere,
  loadsStayWithinSlots,
  oneOrderAtATime,
  ordersAreNumbered,
} from './in-flight.js';
import { idlesSinceItsLastRoute, leasesAreHonest, leasesHold, routesLeadToTheReady } from './leases.js';
import { evictsOnlyForNeed, loadsFit } from './memory.js';
import { onlyInContact, pinsStay, waitsOutBackOff } from './orders.js';
import { indexesAreInStep, ordersGoWithPhases, phasesFollowTheDiagram } from './phases.js';
import { pressureShedsNewcomers } from './pressure.js';
import { fullQueuesAreFair, queuesStayBounded } from './queues.js';
import { theWarmAreKept, whatIsWantedIsNotOutranked } from './ranks.js';
import { ledgerAddsUp, loadsBookWhatIsDeclared, setsAreBookedWhole } from './sums.js';
import { backOffsAreBounded, retriesLeaveASlot, triedOneAtATime } from './retries.js';
import { evictionsAreBounded } from './evictions.js';
import { pendingConfigsAreWaitedFor, familiesTakeTurns, unloadsStayWithinSlots } from './families.js';
import { useIsReadBeforeEviction } from './use.js';
import { reloadsAreCarriedOut, reloadsOneByOne } from './reloads.js';
import { changesSince, type Findings, type TurnCheck, type TurnScene } from './scene.js';

/** A checker, begun with the fleet as it was before the first turn. */
type Begin = (start: Readonly<Fleet>) => TurnCheck;

const always =
  (check: TurnCheck): Begin =>
  () =>
    check;

/** Which checkers stand for which of the numbered promises of docs/architecture.md ("What must never happen"). */
const PROMISES: readonly (readonly [invariant: string, checks: readonly Begin[]])[] = [
  ['1, memory', [loadsFit, ledgerAddsUp, loadsBookWhatIsDeclared, setsAreBookedWhole].map(always)],
  ['2, bookings', [phasesFollowTheDiagram, indexesAreInStep].map(always)],
  ['2, bookings', [bookingsEndForCause, restartsEndBookings]],
  ['5, one order at a time', [oneOrderAtATime, ordersGoWithPhases, ordersAreNumbered].map(always)],
  ['5, one order at a time', [familiesTakeTurns, pendingConfigsAreWaitedFor].map(always)],
  [
    '6, loads in flight',
    [...[loadsStayWithinSlots, higherClassesLoadFirst].map(always), always(unloadsStayWithinSlots)],
  ],
  ['7, pins, leases, strangers', [pinsStay, warmCopiesStay, leasesHold, keptStrangersStay].map(always)],
  ['7, pins, leases, strangers', [leasesAreHonest]],
  ['7, reloads', [always(reloadsOneByOne), reloadsAreCarriedOut]],
  ['8, evictions', [evictsOnlyForNeed, useIsReadBeforeEviction, extrasTakeLittle].map(always)],
  ['8, evictions', [always(theWarmAreKept), whatIsWantedIsNotOutranked, evictionsAreBounded]],
  ['9, idle', [always(idlesSinceItsLastRoute), copiesDoNotFlap, always(copiesStayWithinMax)]],
  [
    '10, back-off',
    [waitsOutBackOff, backOffsAreBounded, triedOneAtATime, retriesLeaveASlot, disabledStayAway].map(always),
  ],
  ['11, contact', [onlyInContact, firstLooksComeFirst].map(always)],
  ['12, names', [always(loadsNameWhatIsThere)]],
  [
    '13, answers',
    [oneAnswerEach, answersOnce, cancelledAreForgotten, nobodyWaitsTooLong, unreachableIsTooLate].map(always),
  ],
  ['13, answers', [permanentAnswersAreSure, infeasibleIsTrue, theLateAreGrantedNothing].map(always)],
  ['14, routes', [routesAreReady, routesLeadToTheReady].map(always)],
  ['13, promises', [promisesAreKept]],
  ['15, queues', [queuesStayBounded, fullQueuesAreFair, pressureShedsNewcomers].map(always)],
  ['20, freeze', [always(frozenMeansFrozen)]],
  ['7 and 14, watchers', [watchersAreHeard, revisionsTellOfRoutes]],
  ['11, terms', [takeoversLookTwice]],
  ['7 and 10, limits', [limitsAreDealtWith]],
  ['19, rest', [failingIsReplacedOnce, secondLook]],
  ['19, rest', [comesToRest, wakesLater, goingMeansGoing, drainsKeepTheirDeadline, drainsLetGo].map(always)],
];

/** Holds every promise against every turn of one life, from the fleet as it was before the first of them. */
export class TurnPromises {
  private readonly before: Map<ReplicaId, Replica>;
  private wantedBefore: ReadonlyMap<ModelId, Instant>;
  private readonly history: History;
  private readonly checks: readonly (readonly [string, readonly TurnCheck[]])[];
  private checked = '';
  private readonly trail: Findings;

  constructor(start: Readonly<Fleet>, trail: Findings) {
    this.before = new Map(start.replicas);
    this.wantedBefore = new Map(start.wantedSince);
    this.history = new History(start);
    this.checks = PROMISES.map(([invariant, checks]) => [invariant, checks.map((begin) => begin(start))]);
    this.trail = {
      expect: (isKept, promise) => trail.expect(isKept, () => `${promise()} (invariant ${this.checked})`),
      mark: (name) => trail.mark(name),
    };
  }

  /** Checks a turn that was just taken; `beside` looks at it too, with what it knows besides. */
  turnTaken(turn: TurnScene['turn'], fleet: Fleet, beside: (scene: TurnScene) => void = () => {}): void {
    const { before, wantedBefore, history, trail } = this;
    const changes = changesSince(before, fleet);
    let ledger: TurnScene['memory'] | undefined;
    const memory: TurnScene['memory'] = (account) => (ledger ??= memoryOf(fleet))(account);
    const scene: TurnScene = { turn, fleet, before, changes, memory, wantedBefore, history, trail };
    history.hear(scene);
    for (const [invariant, checks] of this.checks) {
      this.checked = invariant;
      for (const check of checks) check(scene);
    }
    beside(scene);
    history.turnPage(scene);
    for (const { was, now } of changes) {
      if (now) this.before.set(now.id, now);
      else this.before.delete(was!.id);
    }
    this.wantedBefore = new Map(fleet.wantedSince);
  }
}
