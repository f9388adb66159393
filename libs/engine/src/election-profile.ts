import type { Millis } from '#core';

/** The times of an election. Lease minus deadline is the time in which late orders of an old leader arrive: at least 2 s. */
export interface ElectionProfile {
  /** A peer takes over after it has seen no renewal for so long. */
  readonly lease: Millis;
  /** A leader that was last renewed so long ago is held. */
  readonly renewDeadline: Millis;
  /** A leader renews so often. */
  readonly retry: Millis;
}

export const ELECTION_PROFILES = {
  default: { lease: 15_000, renewDeadline: 10_000, retry: 2_000 },
  fast: { lease: 6_000, renewDeadline: 4_000, retry: 800 },
} as const satisfies Readonly<Record<string, ElectionProfile>>;

/** A peer that does not lead reads the lease so often. */
export const pollEvery = ({ retry }: ElectionProfile): Millis => retry / 2;

/** How often a leader looks at the time, and how soon it tries again what failed. */
export const tickEvery = ({ retry }: ElectionProfile): Millis => retry / 8;
