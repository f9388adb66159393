import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Event, type Fleet } from '#core';
import { Replay } from '#engine';
import { aModel } from '../../../test/support/builders.js';
import {
  openRecording,
  type Recording,
  type TurnFile,
  type TurnFiles,
  TurnFolder,
  TurnRecorder,
} from './index.js';
import { decide } from '../../../test/support/decide.js';

const MIB = 2 ** 20;

describe('the recorder of a service', () => {
  let folder: string;
  let told: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-turns-'));
    told = [];
  });

  afterEach(() => rm(folder, { recursive: true }));

  const recorderOn = (files: TurnFiles, maxFileBytes = MIB, keep = 3): TurnRecorder =>
    new TurnRecorder({
      files,
      about: { berth: '0.1.0', node: 'v20.0.0', fleet: 'berth', term: 7 },
      recordedAt: () => '2026-01-31T12:00:00Z',
      maxFileBytes,
      keep,
      onStopped: (why) => told.push(`stopped: ${(why as Error).message}`),
      onDropped: (turns) => told.push(`dropped ${turns}`),
    });

  const opened = async (): Promise<Recording[]> => {
    const names = (await readdir(folder)).toSorted();
    return Promise.all(names.map((name) => openRecording(join(folder, name))));
  };

  /** Replays a recording to its end; returns the numbers of its turns. */
  async function replayed(recording: Recording): Promise<number[]> {
    const replay = new Replay(recording.snapshot);
    const turns: number[] = [];
    for await (const turn of recording.turns()) {
      expect(replay.take(turn)).toBeUndefined();
      turns.push(turn.turn);
    }
    return turns;
  }

  it('ends with the turn that threw, and without its events where no line can hold them', async () => {
    const recorder = recorderOn(new TurnFolder(folder));
    recorder.turnTaken({ events: [], actions: [], now: 1, took: 0 }, emptyFleet());
    const poison = {
      kind: 'FreezeEnded',
      get since(): never {
        throw new Error('not to be read');
      },
    };
    recorder.turnFailed({ events: [poison as unknown as Event], now: 2, error: new Error('a bug') });
    await recorder.close();
    const [recording] = await opened();
    expect(await replayed(recording!)).toEqual([1]);
    const error = expect.stringMatching(/^Error: a bug\n {4}at /);
    expect(recording!.ending).toMatchObject({
      end: 'failed',
      turns: 1,
      failed: { now: 2, events: [], error },
    });
  });

  it('keeps the newest files, of which each can be replayed by itself and the next goes on', async () => {
    const recorder = recorderOn(new TurnFolder(join(folder, 'made')), 16 * 1024);
    folder = join(folder, 'made');
    const turns = new Turns(recorder);
    for (let turn = 0; turn < 200; turn += 1) turns.take();
    await recorder.close();
    const recordings = await opened();
    const numbers = await Promise.all(recordings.map(replayed));
    // The last file may have been begun after the last turn.
    expect(recordings.map(({ header }) => header.turn)).toEqual(numbers.map(([first = 201]) => first));
    const all = numbers.flat();
    expect(all).toEqual(all.map((_, index) => 200 - all.length + 1 + index));
    expect(recordings.map(({ ending }) => ending!.end)).toEqual(['rotated', 'rotated', 'closed']);
    const { mode, size } = await stat(join(folder, (await readdir(folder))[0]!));
    expect(mode & 0o777).toBe(0o600);
    expect(size).toBeLessThan(17 * 1024);
    folder = join(folder, '..');
  });

  it('goes on with the numbers of an earlier life, and leaves other files alone', async () => {
    await writeFile(join(folder, 'turns-00000041.jsonl'), '');
    await writeFile(join(folder, 'notes.txt'), '');
    const recorder = recorderOn(new TurnFolder(folder), MIB, 1);
    new Turns(recorder).take();
    await recorder.close();
    expect((await readdir(folder)).toSorted()).toEqual(['notes.txt', 'turns-00000042.jsonl']);
  });

  it('ends with one word, and without harm, where files cannot be made', async () => {
    await writeFile(join(folder, 'in-the-way'), '');
    const recorder = recorderOn(new TurnFolder(join(folder, 'in-the-way')));
    const turns = new Turns(recorder);
    for (let turn = 0; turn < 3; turn += 1) {
      turns.take();
      await setImmediate();
    }
    await recorder.close();
    turns.take();
    expect(told).toEqual([expect.stringMatching(/^stopped: EEXIST/)]);
  });

  it('ends where the disk is full, and keeps what it had written', async () => {
    const disk = new FakeDisk(4_200);
    const recorder = recorderOn(disk);
    const turns = new Turns(recorder);
    for (let turn = 0; turn < 20; turn += 1) {
      turns.take();
      await disk.settle();
    }
    expect(told).toEqual(['stopped: ENOSPC']);
    expect(disk.open).toBe(0);
    await writeFile(join(folder, 'cut'), Buffer.concat(disk.written[0]!));
    const [recording] = await opened();
    expect((await replayed(recording!)).length).toBeGreaterThan(3);
  });

  it('drops turns while the disk is too slow, says how many, and goes on with a snapshot', async () => {
    const disk = new FakeDisk(Infinity);
    const recorder = recorderOn(disk, 64 * MIB);
    const turns = new Turns(recorder);
    disk.isStuck = true;
    const config = 'x'.repeat(MIB);
    for (let turn = 0; turn < 12; turn += 1)
      turns.take({ kind: 'ModelDeclared', model: aModel('large', { config }) });
    disk.isStuck = false;
    await disk.settle();
    turns.take();
    turns.take();
    await recorder.close();
    expect(told).toEqual(['dropped 5']);
    for (const [index, bytes] of disk.written.entries()) {
      await writeFile(join(folder, `turns-${index}`), Buffer.concat(bytes));
    }
    const [before, after] = await opened();
    expect(await replayed(before!)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(before!.ending).toEqual({ end: 'dropped', turns: 8, dropped: 5 });
    expect(await replayed(after!)).toEqual([14]);
    expect(after!.header.turn).toBe(14);
  });

  it('does not begin files that could hold little else than the fleet', async () => {
    const recorder = recorderOn(new TurnFolder(folder), 16 * 1024);
    const turns = new Turns(recorder);
    for (let nth = 0; nth < 60; nth += 1)
      turns.take({ kind: 'ModelDeclared', model: aModel(`model-${nth}`) });
    await recorder.close();
    expect(told).toEqual([expect.stringContaining('needs maxFileMb: 1 or more')]);
    const last = (await opened()).at(-1)!;
    await replayed(last);
    expect(last.ending).toBeNull();
  });

  it('writes no line that its reader would refuse', async () => {
    const declared = (name: string, mib: number): Event => ({
      kind: 'ModelDeclared',
      model: aModel(name, { config: 'x'.repeat(mib * MIB) }),
    });
    const bigTurn = recorderOn(new TurnFolder(folder), 256 * MIB);
    new Turns(bigTurn).take(declared('a', 65));
    await bigTurn.close();
    const disk = new FakeDisk(Infinity);
    const bigFleet = recorderOn(disk, 66 * MIB);
    const turns = new Turns(bigFleet);
    for (const name of ['a', 'b']) {
      turns.take(declared(name, 33));
      await disk.settle();
    }
    expect(disk.open).toBe(0);
    await bigFleet.close();
    expect(told).toEqual([
      'stopped: turn 1 would be a line of 66 MiB, and no line is longer than 64 MiB',
      'stopped: the fleet would be a line of 67 MiB, and no line is longer than 64 MiB',
    ]);
    await writeFile(join(folder, 'turns-00000002.jsonl'), Buffer.concat(disk.written[0]!));
    const recordings = await opened();
    expect(await Promise.all(recordings.map(replayed))).toEqual([[], [1, 2]]);
  });
});

/** Turns of a small fleet. */
class Turns {
  private readonly fleet: Fleet = emptyFleet();
  private now = 0;

  constructor(private readonly recorder: TurnRecorder) {}

  take(event: Event = { kind: 'ModelDeclared', model: aModel('m') }): void {
    this.now += 1;
    const actions = decide(this.fleet, [event], this.now);
    this.recorder.turnTaken({ events: [event], actions, now: this.now, took: 0 }, this.fleet);
  }
}

/** A disk with so much room, which may be stuck. */
class FakeDisk implements TurnFiles {
  readonly written: Buffer[][] = [];
  isStuck = false;
  /** How many files were not closed. */
  open = 0;
  private wake: (() => void)[] = [];

  constructor(private room: number) {}

  names(): Promise<readonly string[]> {
    return Promise.resolve(
      this.written.map((_, index) => `turns-${String(index + 1).padStart(8, '0')}.jsonl`),
    );
  }

  create(): Promise<TurnFile> {
    const bytes: Buffer[] = [];
    this.written.push(bytes);
    this.open += 1;
    const append = async (more: Buffer): Promise<void> => {
      if (this.isStuck) await new Promise<void>((resolve) => this.wake.push(resolve));
      this.room -= more.length;
      if (this.room < 0) throw new Error('ENOSPC');
      bytes.push(more);
    };
    const close = (): Promise<void> => {
      this.open -= 1;
      return Promise.resolve();
    };
    return Promise.resolve({ append, close });
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  /** Lets everything that can be written be written. */
  async settle(): Promise<void> {
    for (const resolve of this.wake.splice(0)) resolve();
    await setImmediate();
  }
}
