import { Now } from '#core';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Action, emptyFleet, type Fleet, type Hold, type Why, type WhyHolder, whyOf } from '#core';
import { type RecordedTurn, Replay } from '#engine';
import { openRecording, RunRecorder, TurnFolder, TurnRecorder } from '#recording';
import { makePlan } from '../simulation/make-plan.js';
import { play } from '../simulation/play.js';
import { checkRecording } from './check-recording.js';

/** Where a seed is looked for that is rich enough: those before the usual one were not when they were last played. */
const FIRST = Number(process.env['SEED'] ?? 11);
const ABOUT = { berth: '0.1.0', node: process.version, fleet: 'simulated' };
const recordedAt = '2026-01-31T12:00:00Z';

describe('a simulated run that was recorded', () => {
  let folder: string;
  let lives: readonly string[];
  let turns: readonly RecordedTurn[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-checked-'));
    for (let seed = FIRST; !isRich(turns); seed += 1) {
      lives = await livesOf(seed, folder);
      turns = (await Promise.all(lives.map(turnsOf))).reduce((one, other) =>
        one.length > other.length ? one : other,
      );
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('is decided again as it was, and keeps every promise, in each of its lives', async () => {
    for (const life of lives) {
      const { turns: count, ending } = await checkRecording(life);
      expect(count).toBeGreaterThan(0);
      expect(ending).toEqual({ end: 'closed', turns: count, dropped: 0 });
    }
  });

  it('does so from the middle too, in each file of a rotation', async () => {
    const rotated = join(folder, 'rotated');
    const recorder = new TurnRecorder({
      files: new TurnFolder(rotated),
      about: { ...ABOUT, term: 1 },
      recordedAt: () => recordedAt,
      maxFileBytes: 128 * 1024,
      keep: 1_000,
      onStopped: (why) => {
        throw why;
      },
      onDropped: (count) => {
        throw new Error(`${count} turns were dropped`);
      },
    });
    const replay = new Replay(emptyFleet());
    for (const turn of turns) {
      replay.take(turn);
      recorder.turnTaken({ ...turn, took: 0 }, replay.fleet);
    }
    await recorder.close();
    const files = (await readdir(rotated)).toSorted();
    expect(files.length).toBeGreaterThan(1);
    const counts: number[] = [];
    for (const file of files) counts.push((await checkRecording(join(rotated, file))).turns);
    expect(counts.reduce((sum, count) => sum + count)).toBe(turns.length);
  });

  it('fails at the turn whose decision was changed, whichever it is', async () => {
    const deciding = turns.filter(({ actions }) => actions.length > 0);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...deciding), fc.nat(), async (turn, nth) => {
        const before = turns.slice(0, turn.turn - 1);
        const path = recorded([...before, { ...turn, actions: changed(turn, nth) }]);
        await expect(checkRecording(path)).rejects.toThrow(`turn ${turn.turn}: actions[`);
      }),
      { numRuns: 10 },
    );
  });

  it('can say at any turn why each model is where it is, and names no victim that has to stay', () => {
    const replay = new Replay(emptyFleet());
    let judged = 0;
    for (const turn of turns) {
      replay.take(turn);
      const isPlanning = [...replay.fleet.line.values()].some(({ placeAt }) => placeAt > turn.now);
      if (turn.turn % 25 > 0 && !isPlanning) continue;
      const before = wordsOf(replay.fleet);
      for (const model of replay.fleet.models.keys()) {
        const why = whyOf(replay.fleet, model, new Now(turn.now));
        judged += why.there.flatMap(({ places }) => places).length;
        const held = victimsOf(why);
        expect(held.filter(({ holds }) => holds.some(({ kind }) => STAYS.has(kind)))).toEqual([]);
      }
      expect(wordsOf(replay.fleet)).toBe(before);
    }
    expect(judged).toBeGreaterThan(0);
  });

  /** Writes these turns down as one life. */
  function recorded(changedTurns: readonly RecordedTurn[]): string {
    const path = join(folder, 'changed.jsonl');
    const recorder = new RunRecorder({ pathOf: () => path, about: ABOUT, recordedAt });
    const fleet = new Map() as never;
    for (const turn of changedTurns) recorder.turnTaken({ ...turn, took: 0 }, fleet);
    recorder.close();
    return path;
  }
});

/** Plays a seed; returns the recordings, one for each life of Berth. */
async function livesOf(seed: number, folder: string): Promise<readonly string[]> {
  const pathOf = (life: number): string => join(folder, `life-${life}.jsonl`);
  const recorder = new RunRecorder({ pathOf, about: ABOUT, recordedAt });
  const { failure } = await play(makePlan(seed, { hours: 0.05 }), { observers: [recorder] });
  recorder.close();
  expect(failure).toBeUndefined();
  return recorder.paths;
}

/** Whether there is enough in a life for all that is asked of it here. */
const isRich = (turns: readonly RecordedTurn[]): boolean =>
  turns.length > 1_000 && turns.some(({ actions }) => actions.some(isEviction));

const isEviction = (action: Action): boolean => action.kind === 'unload' && action.cause === 'evicted';

/** The holds that keep a replica even from a starving request. */
const STAYS = new Set<Hold['kind']>(['pinned', 'stranger', 'residency', 'awaited', 'phase']);

const victimsOf = ({ there }: Why): WhyHolder[] =>
  there.flatMap(({ places }) =>
    places.flatMap(({ victims, accounts }) =>
      accounts.flatMap(({ holders }) => holders.filter(({ replica }) => victims?.includes(replica))),
    ),
  );

/** All that a fleet knows. */
const wordsOf = (fleet: Fleet): string =>
  JSON.stringify({ ...fleet, index: undefined }, (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...(value as Iterable<unknown>)] : value,
  );

/** One of the actions left out, said twice, or with another server or request. */
function changed({ actions }: RecordedTurn, nth: number): readonly Action[] {
  const at = nth % actions.length;
  const one = actions[at]!;
  const ways: readonly (readonly Action[])[] = [
    actions.toSpliced(at, 1),
    actions.toSpliced(at, 0, one),
    actions.with(at, {
      ...one,
      ...('server' in one ? { server: 'another' } : { request: 'another' }),
    } as Action),
  ];
  return ways[nth % ways.length]!;
}

async function turnsOf(path: string): Promise<RecordedTurn[]> {
  const turns: RecordedTurn[] = [];
  for await (const turn of (await openRecording(path)).turns()) turns.push(turn);
  return turns;
}
