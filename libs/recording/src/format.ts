import type { Event, Fleet, Instant } from '#core';

/** Rises with every change of what is written, the shape of the core's events, actions and fleet included. */
export const FORMAT = 40;

/** The process that takes the turns. */
export interface About {
  /** The version of Berth. */
  readonly berth: string;
  /** The version of Node.js. */
  readonly node: string;
  /** The name of the installation. */
  readonly fleet: string;
  readonly term: number;
}

/** The first line of a file, less the snapshot: the fleet as it was before the first turn that follows. */
export interface Header extends About {
  readonly format: typeof FORMAT;
  /** When the file was begun, RFC 3339 UTC. */
  readonly recordedAt: string;
  /** The number of the first turn that follows; they are counted from 1 in each life of the process. */
  readonly turn: number;
}

/**
 * The last line of a file: nothing more came (`closed`), the next file goes on (`rotated`), or it does so after turns
 * that were not recorded because the disk was slower than they were (`dropped`), or the turn after the last one threw, with
 * which the process ended (`failed`). A file without such a line was still being written, or its process died.
 */
export interface Ending {
  readonly end: 'closed' | 'rotated' | 'dropped' | 'failed';
  /** How many turns the file holds, and how many were dropped after them. */
  readonly turns: number;
  readonly dropped: number;
  /** Where it is `failed`: what the turn that threw was given. */
  readonly failed?: ThrownTurn;
}

/** A turn that threw. */
export interface ThrownTurn {
  readonly now: Instant;
  /** Empty where they could not be written down. */
  readonly events: readonly Event[];
  /** The beginning of what was thrown, with where. */
  readonly error: string;
}

/** What begins a recording. */
export interface Opening {
  readonly header: Header;
  readonly snapshot: Fleet;
}

/** When something was recorded, by the wall clock of the caller. */
export type TellTime = () => string;
