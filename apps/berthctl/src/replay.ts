import { Now } from '#core';
import { explanationLines, explanationView } from '#contracts';
import { type ModelId, type Why, whyOf } from '#core';
import { Failed } from './failures.js';
import { fleetInShort } from './fleet-in-short.js';
import { asJson } from './in-short.js';
import { type Played, played } from './recorded.js';
import { differenceLines, summaryLines, turnLines, turnTitle } from './replay-lines.js';
import type { Work } from './work.js';

/** What is asked of a recording: whether it holds, one turn of it, or why a model is where it is. */
export interface ReplayOptions {
  readonly turn?: number;
  readonly why?: string;
}

/** `replay FILE`: steps through recorded turns with today's core. */
export async function replay(work: Work, file: string, options: ReplayOptions): Promise<void> {
  const found = await played(file, options.turn);
  const { difference, last } = found;
  if (difference === null && options.turn !== undefined && last?.turn !== options.turn) {
    throw noSuchTurn(found, options.turn);
  }
  if (last === null && options.why !== undefined) {
    throw new Failed(`${file}: it has no turn after which to say why ${options.why} is where it is`);
  }
  const answer = work.isJson ? asJson(forPrograms(found, options), 2).split('\n') : forPeople(found, options);
  work.terminal.out(answer);
  if (difference) throw new Failed(`${file}: turn ${difference.turn} is decided otherwise today`);
}

function forPeople(found: Played, { turn, why }: ReplayOptions): string[] {
  const { difference, last, fleet } = found;
  if (last && difference) return differenceLines(last, difference);
  if (last && why !== undefined) return [turnTitle(last), ...whyLines(whyIn(found, why, last.now), last.now)];
  if (last && turn !== undefined)
    return [...turnLines(last), '', 'after it', ...fleetInShort(fleet, last.now)];
  return summaryLines(found);
}

function forPrograms(found: Played, { turn, why }: ReplayOptions): object {
  const { header, ending, turns, first, last, difference, fleet } = found;
  const span = first && last && { first: first.turn, last: last.turn, ms: last.now - first.now };
  return {
    ...{ header, ending, turns, span },
    difference: difference && { ...difference, recordedTurn: last },
    ...(turn === undefined ? {} : { turn: last, fleet }),
    ...(why === undefined || last === null ? {} : { why: whyIn(found, why, last.now) }),
  };
}

function whyLines(why: Why, now: number): string[] {
  const { model, source, enabled } = why;
  if (source === null) {
    const unknown = `${model} is unknown: it is not declared, and no repository that was seen lists it.`;
    const left = { source: 'withdrawn', enabled: true };
    return why.here.length === 0
      ? [unknown]
      : [unknown, ...explanationLines(explanationView(why, left, TIMES), now)];
  }
  return explanationLines(explanationView(why, { source, enabled }, TIMES), now);
}

/** A recording does not tell the time of day: each moment is shown by how far away it is. */
const TIMES = {
  told: (instant: number) => new Date(instant).toISOString(),
  toldOrNull: (instant: number | null) =>
    instant === null || !Number.isFinite(instant) ? null : TIMES.told(instant),
};

const whyIn = ({ fleet }: Played, model: string, now: number): Why =>
  whyOf(fleet, model as ModelId, new Now(now));

function noSuchTurn({ header, last }: Played, turn: number): Failed {
  return new Failed(`the recording has no turn ${turn}`, [those()]);

  function those(): string {
    if (turn < header.turn) return `it begins with turn ${header.turn}; an earlier file has it`;
    return last ? `it has turns ${header.turn} to ${last.turn}` : 'it has none from there on';
  }
}
