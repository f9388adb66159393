import type { WhyClosed } from '#core';
import { lasting } from './times.js';

const CAUSES: Readonly<Record<WhyClosed['because'], string>> = {
  ran_out: 'a load ran out of memory although the books had room',
  not_known_yet: 'the books do not explain all that is in use there',
};

/** Why nothing is loaded onto a device, for how long already, and for how long yet. */
export function closedWords({ since, because, until }: WhyClosed, now: number): string {
  const opens =
    until === null
      ? 'it opens some time after the loads under way there'
      : `it opens in about ${lasting(Math.max(0, until - now))}`;
  return `closed for ${lasting(Math.max(0, now - since))}, since ${CAUSES[because]}; ${opens}`;
}
