import type { Config } from '#config';
import type { LearnedFacts, Told, Won } from '#engine';
import type { Store } from '#kept';
import type { TurnRecorder } from '#recording';
import type { Demo } from '../parts.js';
import type { CompleteParts } from '../reigns/lasting.js';
import type { AmongPeers } from '../watching/watching.js';

/** Has Nest hand over what a term is made of. */
export const TERM_INPUTS = Symbol('TermInputs');

/** What a term is made of. */
export interface TermInputs {
  readonly config: Config;
  readonly parts: CompleteParts;
  /** Of this term. */
  readonly store: Store;
  /** What the store held when it was opened. */
  readonly told: Told;
  readonly facts: LearnedFacts;
  /** Null: none is shown. */
  readonly demo: Demo | null;
  /** How this process came to lead its peers; null: it has none. */
  readonly won: (Pick<Won, 'isCleanRelease'> & AmongPeers) | null;
  /** Null: turns are not recorded. */
  readonly recorder: TurnRecorder | null;
}
