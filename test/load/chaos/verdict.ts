import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecording } from '../../checkers/check-recording.js';
import type { ChaosBerth } from './chaos-berth.js';
import type { Tally } from './gateways.js';
import type { ChaosOptions } from './options.js';

/** What a round was. */
export interface RoundSeen {
  readonly round: number;
  readonly fault: string;
  /** What was done, and for how long. */
  readonly what: string;
  /** How long it took until all was well after the fault. */
  readonly calmMs: number;
  /** The names of the Berth that led before, and of the one that leads afterwards. */
  readonly leader: string;
  readonly next: string;
}

/** A run of chaos. */
export interface ChaosSeen {
  readonly options: ChaosOptions;
  readonly rounds: readonly RoundSeen[];
  readonly tally: Tally;
  readonly terms: readonly Reigned[];
  /** What the recordings break. */
  readonly broken: readonly string[];
  readonly recordings: number;
}

/** A term that began, by the log of its Berth. */
export interface Reigned {
  readonly peer: string;
  readonly term: number;
}

/** What is wrong; empty where nothing is. */
export function judge({ tally, broken, terms }: ChaosSeen): string[] {
  return [...broken, ...repeatedTerms(terms), ...tally.broken, ...tally.warmFailures, ...tally.unanswered];
}

/** No two terms have the same term. */
function repeatedTerms(terms: readonly Reigned[]): string[] {
  const seen = new Map<number, string>();
  return terms.flatMap(({ peer, term }) => {
    const other = seen.get(term);
    seen.set(term, peer);
    return other === undefined ? [] : [`the term ${term} of ${peer} is one of ${other}, too`];
  });
}

/** Replays every recording of these Berths, and holds all promises against every turn. */
export async function checkRecordings(
  berths: readonly ChaosBerth[],
): Promise<Pick<ChaosSeen, 'broken' | 'recordings'>> {
  const broken: string[] = [];
  let recordings = 0;
  for (const { name, turns, wasKilled } of berths) {
    // A Berth that never led has recorded nothing.
    for (const file of existsSync(turns) ? readdirSync(turns) : []) {
      recordings += 1;
      await checkRecording(join(turns, file), { mayBeCut: wasKilled }).catch((error: unknown) =>
        broken.push(`${name}: ${(error as Error).message}`),
      );
    }
  }
  return { broken, recordings };
}

/** The terms of these Berths, as they told them. */
export function reignsIn(berths: readonly ChaosBerth[]): Reigned[] {
  return berths.flatMap(({ name, log }) =>
    [...readFileSync(log, 'utf8').matchAll(/"term":(\d+)[^\n]*"msg":"this process leads"/g)].map(
      ([, term]): Reigned => ({ peer: name, term: Number(term) }),
    ),
  );
}

/** The run as lines for a terminal. */
export function tableOf(seen: ChaosSeen): string {
  const { options, rounds, tally, terms, recordings } = seen;
  const sorted = tally.warmMs.toSorted((one, other) => one - other);
  const at = (part: number): string => `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1)} ms`;
  const wrong = judge(seen);
  const byFault = [...new Set(rounds.map(({ fault }) => fault))].map((fault) => {
    const played = rounds.filter((round) => round.fault === fault);
    const worst = Math.max(...played.map(({ calmMs }) => calmMs));
    const changes = played.filter(({ leader, next }) => leader !== next).length;
    return `  ${fault}: ${played.length} times, ${changes} changes of leader, all well after at most ${worst} ms`;
  });
  return `${[
    `seed ${options.seed}, ${rounds.length} rounds, profile ${options.profile}`,
    ...byFault.toSorted(),
    `warm: ${tally.warm} answered, ${tally.warmFailures.length} failed, p50 ${at(0.5)}, p99 ${at(0.99)}, ${tally.stale} stale`,
    `cold: ${tally.cold} answered; refused: ${JSON.stringify(Object.fromEntries(tally.coldRefusals))}; ${tally.unanswered.length} not answered by a Berth that was up`,
    `leases: ${tally.broken.length} broken; ${terms.length} terms, ${recordings} recordings replayed`,
    ...(wrong.length === 0 ? ['all promises kept'] : [`${wrong.length} broken:`, ...wrong.slice(0, 40)]),
  ].join('\n')}\n`;
}
