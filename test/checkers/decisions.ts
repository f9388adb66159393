import { copyFleet, type Fleet } from '#core';
import type { Change, TurnCheck } from './scene.js';
import { decide } from '../support/decide.js';

/**
 * A second look finds nothing to do, nor does it move anything without a word. It is taken where the turn may have changed what
 * one would decide by: one that asked for nothing but looks, moved no replica and left all that is wanted as it was has decided
 * nothing, so that a second look would work out the same once more. Two of three turns are such: looks that are due, and looks
 * that show nothing new.
 */
export const secondLook = (start: Readonly<Fleet>): TurnCheck => {
  let before = mattersOf(start);
  return ({ fleet, turn, changes, trail }) => {
    const matters = mattersOf(fleet);
    const isStill = turn.actions.every(({ kind }) => kind === 'look') && !changes.some(isMove);
    if (isStill && isEqual(matters, before)) return;
    before = matters;
    const copy = copyFleet(fleet);
    const again = decide(copy, [], turn.now);
    trail.expect(again.length === 0, () => `a second look wants ${JSON.stringify(again)}`);
    const moved = movedBetween(fleet, copy);
    trail.expect(moved.length === 0, () => `a second look moves ${moved.join(', ')}`);
  };
};

/** The replicas that came, went, or are at something else in a later fleet. */
function movedBetween({ replicas }: Readonly<Fleet>, later: Readonly<Fleet>): string[] {
  const ids = new Set([...replicas.keys(), ...later.replicas.keys()]);
  return [...ids].filter((id) => replicas.get(id)?.phase !== later.replicas.get(id)?.phase);
}

/** How much there is of what a pass may leave changed without an order, an answer or a move. */
const mattersOf = ({ waiting, bestEffort, wantedSince, utilisations, reloads, putOff }: Readonly<Fleet>) => [
  waiting.size,
  bestEffort.size,
  wantedSince.size,
  reloads.size,
  putOff.size,
  ...Array.from(utilisations.values(), ({ copies }) => copies),
];

const isEqual = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((count, nth) => count === other[nth]);

/** Whether a replica came, went, or is at something else than before; what was read of it alone moves nothing. */
const isMove = ({ was, now }: Change): boolean => was?.phase !== now?.phase;

/** An instant comes to rest in the turns that it may take. */
export const comesToRest: TurnCheck = ({ turn, trail }) =>
  trail.expect(turn.isAtRest !== false, () => 'the core did not come to rest');

export const wakesLater: TurnCheck = ({ fleet, turn, trail }) => {
  const wake = fleet.wakeAt;
  trail.expect(wake > turn.now, () => `it wants to wake at ${wake}`);
};
