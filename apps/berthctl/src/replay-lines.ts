import type { Action, Event } from '#core';
import type { Difference, RecordedTurn } from '#engine';
import type { Ending } from '#recording';
import { clipped, counted, lasting } from '#contracts';
import { asJson, inShort } from './in-short.js';
import type { Played } from './recorded.js';

/** How long a line may get: a turn may hold the indexes of many servers. */
const LONGEST = 400;
const MAX_ITEMS = 50;

/** What a recording is of, and that it holds. */
export function summaryLines({ header, turns, first, last, ending }: Played): string[] {
  const span = first && last ? `, ${lasting(last.now - first.now)}` : '';
  const lines = [
    `berth      ${header.berth}, Node ${header.node}`,
    `fleet      ${header.fleet}, term ${header.term}`,
    `recorded   ${header.recordedAt}`,
    `turns      ${first && last ? `${first.turn} to ${last.turn}${span}` : 'none'}`,
    `ending     ${endingWords(ending)}`,
    '',
    `${counted(turns, 'turn')}, the same decisions`,
  ];
  return lines.map((line) => clipped(line, LONGEST));
}

function endingWords(ending: Ending | null): string {
  switch (ending?.end) {
    case 'closed':
      return 'closed: nothing came after it';
    case 'rotated':
      return 'rotated: the next file goes on';
    case 'failed':
      return `failed: the turn after it threw ${ending.failed?.error ?? ''}`;
    case 'dropped':
      return `${counted(ending.dropped, 'turn')} after it were not recorded: the disk was too slow`;
    case undefined:
      return 'none: it was still being written, was given up, or its process died';
  }
}

/** One turn: what happened, and what was decided. */
export function turnLines(turn: RecordedTurn): string[] {
  return [turnTitle(turn), ...listed('events', turn.events), ...listed('actions', turn.actions)];
}

export const turnTitle = ({ turn, now }: RecordedTurn): string => `turn ${turn}, at ${Math.round(now)} ms`;

/** The first turn that is decided otherwise: what happened, what was decided then, and what would be today. */
export function differenceLines(
  turn: RecordedTurn,
  { path, recorded, decided, actions }: Difference,
): string[] {
  return [
    `${turnTitle(turn)}, is decided otherwise today`,
    ...listed('events', turn.events),
    ...listed('recorded actions', turn.actions),
    ...listed("today's actions", actions),
    'first difference',
    `  at         ${path}`,
    `  recorded   ${clipped(asJson(recorded), LONGEST)}`,
    `  today      ${clipped(asJson(decided), LONGEST)}`,
  ];
}

function listed(title: string, items: readonly (Event | Action)[]): string[] {
  const shown = items.slice(0, MAX_ITEMS).map((item) => `  ${clipped(inShort(item), LONGEST)}`);
  const left = items.length > MAX_ITEMS ? [`  and ${items.length - MAX_ITEMS} more`] : [];
  return [title, ...(items.length > 0 ? [...shown, ...left] : ['  none'])];
}
