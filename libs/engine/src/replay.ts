import { type Action, type Event, type Fleet, type Instant, playInstant } from '#core';

/** A turn of a recording: what the core was given, and what it decided. */
export interface RecordedTurn {
  /** The number of the turn, from 1 in each life of a process. */
  readonly turn: number;
  readonly now: Instant;
  readonly events: readonly Event[];
  readonly actions: readonly Action[];
}

/** The first thing in a turn that today's core decides differently. */
export interface Difference {
  readonly turn: number;
  /** Where: `actions[2].refusal.retryAfter`. */
  readonly path: string;
  /** The values there, in the recording and now; undefined where there is none. */
  readonly recorded: unknown;
  readonly decided: unknown;
  /** All actions of that turn as decided now. */
  readonly actions: readonly Action[];
}

/** Steps through recorded turns with today's core, from the fleet as it was before the first of them. */
export class Replay {
  /** `fleet` is changed by the replay. */
  constructor(readonly fleet: Fleet) {}

  /** Takes one turn. Undefined where the core decides what was recorded. */
  take({ turn, now, events, actions }: RecordedTurn): Difference | undefined {
    const decided = playInstant(this.fleet, events, now);
    const found = difference('actions', actions, decided.actions);
    return found && { turn, ...found, actions: decided.actions };
  }
}

type Found = Omit<Difference, 'turn' | 'actions'>;

/** The first place where two values differ, the order of keys aside. */
function difference(path: string, recorded: unknown, decided: unknown): Found | undefined {
  if (recorded === decided || (Number.isNaN(recorded) && Number.isNaN(decided))) return undefined;
  if (!isObject(recorded) || !isObject(decided) || Array.isArray(recorded) !== Array.isArray(decided)) {
    return { path, recorded, decided };
  }
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(decided)])) {
    const at = Array.isArray(recorded) ? `${path}[${key}]` : `${path}.${key}`;
    const found = difference(at, recorded[key], decided[key]);
    if (found) return found;
  }
  return undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
