import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Fleet, newIndex, replicaId, type WatcherId } from '#core';
import type { RecordedTurn } from '#engine';
import { aModel, aServer } from '../../../test/support/builders.js';
import { FORMAT, openRecording, RecordingError, RunRecorder } from './index.js';
import { Lines } from './lines.js';
import { decide } from '../../../test/support/decide.js';

const ABOUT = { berth: '0.1.0', node: 'v20.0.0', fleet: 'berth' };

describe('a recording', () => {
  let folder: string;
  let lines: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-recording-'));
    const path = join(folder, 'whole.jsonl');
    const recorder = new RunRecorder({
      pathOf: () => path,
      about: ABOUT,
      recordedAt: '2026-01-31T12:00:00Z',
    });
    const fleet = emptyFleet();
    for (const { now, events } of TURNS) {
      recorder.turnTaken({ now, events, actions: decide(fleet, events, now), took: 0 }, fleet);
    }
    recorder.close();
    lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** Reads a file of these lines to its end. */
  async function read(text: string): Promise<{ turns: RecordedTurn[]; fleet: Fleet }> {
    const path = join(folder, 'read.jsonl');
    await writeFile(path, text);
    const recording = await openRecording(path);
    const turns: RecordedTurn[] = [];
    for await (const turn of recording.turns()) turns.push(turn);
    return { turns, fleet: recording.snapshot };
  }

  /** What is said of a file of these lines. */
  async function fault(changed: readonly string[]): Promise<string> {
    const error = await read(changed.join('')).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(RecordingError);
    return (error as RecordingError).message;
  }

  const whole = (): string[] => lines.map((line) => `${line}\n`);

  it('brings back every turn and the fleet before the first', async () => {
    const { turns, fleet } = await read(whole().join(''));
    expect(fleet).toEqual(emptyFleet());
    expect(turns.map(({ turn, now }) => [turn, now])).toEqual([
      [1, 10],
      [2, 11],
      [3, 11],
    ]);
    expect(turns.map(({ events }) => events)).toEqual(TURNS.map(({ events }) => events));
  });

  it('brings back what is in motion: what drains with what was counted of it, what has to come back', async () => {
    const { fleet } = await read(made([], inMotion()).join(''));
    expect(fleet).toEqual({ ...inMotion(), index: newIndex(), now: -Infinity, wakeAt: Infinity });
  });

  it('tells an empty file, and one that is something else', async () => {
    expect(await fault([])).toBe('line 1: is not there: the file is empty');
    expect(await fault(['fleet: berth\n'])).toMatch(/^line 1: is not the first line of a recording/);
    expect(await fault(['{"format":\n'])).toBe('line 1: is not the first line of a recording');
  });

  it('tells another format before anything else', async () => {
    const other = whole()[0]!.replace(`"format":${FORMAT}`, '"format":1');
    expect(await fault([other])).toBe(`line 1, format: is 1: this version of Berth reads format ${FORMAT}`);
  });

  it('tells where it was cut off, and the last whole turn', async () => {
    const [first, second, third] = whole();
    expect(await fault([first!.slice(0, -1)])).toBe('line 1: is cut off; no turn before it is whole');
    expect(await fault([first!, second!, third!.slice(0, 20)])).toBe(
      'line 3: is cut off; the last whole turn is 1',
    );
  });

  it('reads a line that never ends no further than is bearable', async () => {
    const path = join(folder, 'read.jsonl');
    await writeFile(path, whole()[0]!);
    await truncate(path, 2 ** 33);
    const before = process.memoryUsage().arrayBuffers;
    const recording = await openRecording(path);
    await expect(recording.turns().next()).rejects.toThrow('line 2: is longer than 67108864 bytes');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
  });

  it('tells a line that was edited, left out or put elsewhere', async () => {
    const [first, second, third, ...rest] = whole();
    const changed = 'sum: is not that of the line: it, or the line before it, was changed or left out';
    expect(await fault([first!, second!.replace('"now":10', '"now":12'), third!])).toBe(`line 2, ${changed}`);
    expect(await fault([first!, third!, ...rest])).toBe(`line 2, ${changed}`);
    expect(await fault([first!, second!.replace(/,"sum.*/, '}')])).toBe(
      'line 2, sum: is missing or no checksum',
    );
    expect(await fault([...whole(), second!])).toBe('line 6: comes after the line that ends the recording');
  });

  it('tells what is no JSON, or nested without an end, though its checksum is right', async () => {
    const sealed = (json: string): string => `${json.slice(0, -1)},"sum":"${hexOf(json, whole()[0]!)}"}\n`;
    expect(await fault([whole()[0]!, sealed('{"turn":}')])).toBe('line 2: is not JSON');
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(await fault([whole()[0]!, sealed(`{"deep":${deep}}`)])).toBe('line 2: is nested too deeply');
    expect(await fault([`{"format":${deep}}\n`])).toMatch(/^line 1, format: is something else: /);
    const odd = '{"$object":[[{"toString":1,"valueOf":1},2]]}';
    expect(await fault([whole()[0]!, sealed(odd)])).toMatch(/^line 2, turn: is not what/);
  });

  it('says no more of what is there than fits', async () => {
    const long = 'x'.repeat(2 ** 20);
    const faults = [
      await fault([whole()[0]!.replace(`"format":${FORMAT}`, `"format":"${long}"`)]),
      await fault(made([{ [long]: 1 }])),
    ];
    expect(faults.map((words) => words.length < 1_000)).toEqual([true, true]);
  });

  it('tells turns out of order, and a clock that runs backwards', async () => {
    const at = (turn: number, now: number): string[] =>
      made([
        { turn: 1, now: 5 },
        { turn, now },
      ]);
    expect(await fault(at(3, 6))).toBe('line 3, turn: is 3 where turn 2 is due');
    expect(await fault(at(2, 4))).toBe('line 3, now: is 4, before 5 of turn 1');
  });

  it('tells what is no turn, no end and no header of this format', async () => {
    const rule = `is not what format ${FORMAT} has there:`;
    expect(await fault(made([{ took: 3 }]))).toBe('line 2, took: is unknown to this version of Berth');
    expect(await fault(made([{ events: {} }]))).toBe(
      `line 2, events: ${rule} expected array, received object`,
    );
    expect(await fault(made([{ actions: [7] }]))).toBe(`line 2, actions.0: ${rule} must be an object`);
    expect(await fault(made([{ now: null }]))).toBe(`line 2, now: ${rule} must be a number`);
    const end = { end: 'never', turns: 0, dropped: 0 };
    const lines = new Lines();
    expect(await fault([lines.header(HEADER, emptyFleet()), lines.line(end)])).toMatch(
      /^line 2, end: is not/,
    );
    const odd = new Lines().line({ ...HEADER, snapshot: 2 });
    expect(await fault([odd])).toBe(`line 1, snapshot: ${rule} must be an object`);
  });
});

/** A fleet before whose next turn something drains, and a device owes memory. */
function inMotion(): Fleet {
  const fleet = emptyFleet();
  const { id: server } = aServer('t');
  const { id: model } = aModel('a');
  decide(fleet, [{ kind: 'ServerDeclared', server: aServer('t') }], 10);
  const id = replicaId(model, server);
  fleet.replicas.set(id, {
    phase: 'draining',
    id,
    model,
    server,
    devices: [0],
    bookings: [],
    since: 10,
    stranger: false,
    versions: ['1'],
    inUseUntil: 10,
    pulse: {
      lastInference: 1,
      succeeded: 2,
      failed: 3,
      failures: 3,
      recent: [{ at: 5, of: 4, failed: 3 }],
    },
    cause: 'idle',
    makesRoomFor: null,
    withdrawnIn: 3,
    isForced: false,
  });
  fleet.watchers.set('peer-b' as WatcherId, { patience: 40, heardAt: 9, revision: 2 });
  fleet.servers.get(server)!.meters.set(0, {
    ...{ movedAt: 9, toldAt: 8, others: 1, residue: 0 },
    gone: [{ bytes: 1, at: 7, isCopy: true }],
    closed: { since: 7, because: 'ran_out', most: Infinity, quietSince: 8 },
    suspects: new Map([[model, 1]]),
    clean: { at: 2, used: 4 },
    changes: [{ model, kind: 'left', measured: 1, booked: 1 }],
    lastChange: null,
  });
  return fleet;
}

/** The checksum of a second line that says this. */
function hexOf(json: string, first: string): string {
  const [, sum] = /"sum":"(.*)"/.exec(first)!;
  return crc32(json, Number.parseInt(sum!, 16)).toString(16).padStart(8, '0');
}

/** Lines with good checksums, whatever they say. */
function made(turns: readonly object[], snapshot = emptyFleet()): string[] {
  const lines = new Lines();
  const first = lines.header(HEADER, snapshot);
  return [first, ...turns.map((turn) => lines.line({ ...A_TURN, ...turn }))];
}

const HEADER = { format: FORMAT, ...ABOUT, term: 1, recordedAt: '2026-01-31T12:00:00Z', turn: 1 } as const;

const A_TURN: RecordedTurn = { turn: 1, now: 5, events: [], actions: [] };

const TURNS: readonly Pick<RecordedTurn, 'now' | 'events'>[] = [
  { now: 10, events: [{ kind: 'ServerDeclared', server: aServer('a') }] },
  { now: 11, events: [{ kind: 'ModelDeclared', model: aModel('m', { gpuBytes: Infinity }) }] },
  { now: 11, events: [{ kind: 'ContactChanged', server: aServer('a').id, fact: 'connected' }] },
];
