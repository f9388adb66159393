import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Action, emptyFleet, type Event, type ModelId, type ServerId } from '#core';
import { FORMAT, RunRecorder } from '#recording';
import { berthctl } from '../../../test/support/berthctl.js';
import { aModel, aRequest, aServer } from '../../../test/support/builders.js';
import { decide } from '../../../test/support/decide.js';

const MIB = 2 ** 20;
const ABOUT = { berth: '0.1.0', node: 'v20.19.0', fleet: 'berth' };
const [HERE, THERE] = ['here' as ModelId, 'there' as ModelId];

/** Decides what is recorded in place of an action, where it is to differ from what the core decided. */
type Alter = (action: Action) => Action;

/** Two models of 6 MiB and one GPU of 10: one is loaded, and then a request asks for the other. */
function record(path: string, alter: Alter = (action) => action): void {
  const recorder = new RunRecorder({ pathOf: () => path, about: ABOUT, recordedAt: '2026-01-31T12:00:00Z' });
  const fleet = emptyFleet();
  const take = (now: number, ...events: Event[]): readonly Action[] => {
    const actions = decide(fleet, events, now);
    recorder.turnTaken({ now, events, actions: actions.map(alter), took: 0 }, fleet);
    return actions;
  };
  const models = [HERE, THERE].map((id) => aModel(id, { gpuBytes: 6 * MIB }));
  const server = aServer('s', [10 * MIB]);
  take(1_000, ...models.map((model): Event => ({ kind: 'ModelDeclared', model })));
  take(1_001, { kind: 'ServerDeclared', server });
  take(1_002, { kind: 'ContactChanged', server: server.id, fact: 'connected' });
  take(1_010, looked(server.id));
  const load = take(2_000, asked('r1', HERE)).find(({ kind }) => kind === 'load');
  if (load?.kind !== 'load') throw new Error('nothing was loaded');
  const { order, replica } = load;
  take(3_000, { kind: 'LoadEnded', order, replica, outcome: { kind: 'succeeded', versions: ['1'] } });
  take(4_500, asked('r2', THERE));
  recorder.close();
}

const looked = (server: ServerId): Event => ({
  kind: 'Looked',
  server,
  look: {
    ...{
      begunAt: 1_003,
      endedAt: 1_010,
      serving: [],
      metrics: null,
      mode: 'explicit',
      serverVersion: '2.51.0',
    },
    index: [HERE, THERE].map((model) => ({ model, version: '', state: '', reason: '' })),
  },
});

const asked = (id: string, model: ModelId): Event => ({
  kind: 'RequestArrived',
  request: aRequest(id, model, 2_000),
});

/** The lines with checksums that are right, as an attacker may write them. */
function resummed(text: string): string {
  let sum = 0;
  const lines = text.matchAll(/^(.*),"sum":"[0-9a-f]{8}"\}$/gm);
  return Array.from(lines, ([, json]) => {
    sum = crc32(`${json!}}`, sum);
    return `${json!},"sum":"${sum.toString(16).padStart(8, '0')}"}\n`;
  }).join('');
}

/** The first line of a recording, as if it began with turn 5 and nothing had come after it yet. */
const later = (text: string): string => resummed(`${text.split('\n')[0]!.replace('"turn":1', '"turn":5')}\n`);

describe('berthctl replay', () => {
  let folder: string;
  let whole: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-replay-'));
    whole = join(folder, 'whole.jsonl');
    record(whole);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('says what a recording is of, and that today the same is decided', async () => {
    const { status, out, err } = await berthctl(['replay', whole]);
    expect([status, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'berth      0.1.0, Node v20.19.0',
      'fleet      berth, term 1',
      'recorded   2026-01-31T12:00:00Z',
      'turns      1 to 7, 3.5 s',
      'ending     closed: nothing came after it',
      '',
      '7 turns, the same decisions',
      '',
    ]);
  });

  it('tells programs the same', async () => {
    const { status, out } = await berthctl(['replay', whole, '-o', 'json']);
    expect([status, JSON.parse(out)]).toEqual([
      0,
      {
        header: expect.objectContaining({ berth: '0.1.0', turn: 1 }),
        ending: { end: 'closed', turns: 7, dropped: 0 },
        turns: 7,
        span: { first: 1, last: 7, ms: 3_500 },
        difference: null,
      },
    ]);
  });

  it('shows a turn, and the fleet after it', async () => {
    const { status, out } = await berthctl(['replay', whole, '--turn', '5']);
    expect(status).toBe(0);
    expect(out).toContain(
      'turn 5, at 2000 ms\nevents\n  RequestArrived request=r1/here\nactions\n  load order=',
    );
    expect(out).toMatch(
      /SERVER {3}STATE {3}LOOKED AT {4}BOOKED +FLAGS\ns +ready {3}997 ms ago {3}0: 6 of 10 MiB/,
    );
    expect(out).toMatch(
      /MODEL {3}SERVER {3}DEVICES {3}PHASE .*\nhere +s +0 +loading +0 ms ago +6 MiB +0 MiB/,
    );
    expect(out).toContain('1 waiting for here, which is loading');
  });

  it('says why a model is nowhere, in numbers, and which copy has what it needs', async () => {
    const { status, out } = await berthctl(['replay', whole, '--turn', '7', '--why', 'there']);
    expect(status).toBe(0);
    expect(out.split('\n').slice(0, 6)).toEqual([
      'turn 7, at 4500 ms',
      'model      there, declared',
      'state      waiting',
      'copies     0 there or on the way, 0 pinned',
      'requests   1 waiting',
      'lacking    since now',
    ]);
    expect(out).toMatch(/^progress {3}waiting, ready in about [\d.]+ s$/m);
    expect(out).toMatch(/^s:0 +room by eviction +- +6 MiB +4 MiB +2 MiB +10 MiB +6 MiB /m);
    expect(out).toMatch(/^s:0 +here on s +6 MiB +yes +in use, ends in 8\.5 s$/m);
  });

  it('says after the last turn why a model is where it is, also to programs', async () => {
    const { out } = await berthctl(['replay', whole, '--why', 'here']);
    expect(out).toMatch(/^s:0 +ready +1\.5 s ago +.* 6 MiB +in use, /m);
    const { out: json } = await berthctl(['replay', whole, '--why', 'here', '-o', 'json']);
    expect(JSON.parse(json)).toMatchObject({
      why: { model: 'here', state: 'ready', here: [{ server: 's' }] },
    });
    const { out: nobody } = await berthctl(['replay', whole, '--why', 'nobody']);
    expect(nobody).toContain(
      'nobody is unknown: it is not declared, and no repository that was seen lists it.',
    );
  });

  it('shows the first turn that is decided otherwise today', async () => {
    const path = join(folder, 'altered.jsonl');
    record(path, (action) => (action.kind === 'load' ? { ...action, timeout: 7 } : action));
    const { status, out, err } = await berthctl(['replay', path]);
    expect([status, err]).toEqual([1, `berthctl: ${path}: turn 5 is decided otherwise today\n`]);
    expect(out).toContain(
      'turn 5, at 2000 ms, is decided otherwise today\nevents\n  RequestArrived request=r1/here',
    );
    expect(out).toMatch(
      /recorded actions\n {2}load .*timeout=7 cause=asked\n {2}look .*\ntoday's actions\n {2}load .*timeout=60000 cause=asked\n/,
    );
    expect(out).toContain('at         actions[0].timeout\n  recorded   7\n  today      60000\n');
    const { status: later, out: json } = await berthctl(['replay', path, '--turn', '7', '-o', 'json']);
    expect([later, JSON.parse(json)]).toMatchObject([
      1,
      { difference: { turn: 5, recorded: 7, decided: 60_000 } },
    ]);
    expect((await berthctl(['replay', path, '--turn', '4'])).status).toBe(0);
  });

  it('says at which turn the core breaks, where a file holds what no process ever decided', async () => {
    const path = join(folder, 'odd.jsonl');
    const holders = '"holders":{"$map":[["here",{"$set":["here@nowhere"]}]]}';
    await writeFile(
      path,
      resummed((await readFile(whole, 'utf8')).replace('"holders":{"$map":[]}', holders)),
    );
    const { status, out, err } = await berthctl(['replay', path]);
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain(
      `berthctl: ${path}: the core of today breaks at turn 1: Cannot destructure property 'server'`,
    );
  });

  it('says that there is no such turn', async () => {
    const { status, err } = await berthctl(['replay', whole, '--turn', '8']);
    expect([status, err]).toEqual([1, 'berthctl: the recording has no turn 8\n  it has turns 1 to 7\n']);
  });

  it('says of an earlier turn that an earlier file has it', async () => {
    const path = join(folder, 'later.jsonl');
    await writeFile(path, later(await readFile(whole, 'utf8')));
    const { status, err } = await berthctl(['replay', path, '--turn', '2']);
    expect([status, err]).toEqual([
      1,
      'berthctl: the recording has no turn 2\n  it begins with turn 5; an earlier file has it\n',
    ]);
  });

  it('says that a recording without turns knows nothing of a model', async () => {
    const path = join(folder, 'later.jsonl');
    await writeFile(path, later(await readFile(whole, 'utf8')));
    for (const format of ['table', 'json']) {
      const { status, out, err } = await berthctl(['replay', path, '--why', 'here', '-o', format]);
      expect([status, out]).toEqual([1, '']);
      expect(err).toBe(`berthctl: ${path}: it has no turn after which to say why here is where it is\n`);
    }
  });

  it('shows no more of what a recording says than fits', async () => {
    const path = join(folder, 'wordy.jsonl');
    await writeFile(
      path,
      resummed((await readFile(whole, 'utf8')).replace('"berth":"0.1.0"', `"berth":"${'x'.repeat(MIB)}"`)),
    );
    const { status, out } = await berthctl(['replay', path]);
    expect(status).toBe(0);
    expect(out.length).toBeLessThan(1_000);
  });

  it('says of a broken recording in which line and field it breaks which rule', async () => {
    const [edited, cut, other] = ['edited', 'cut', 'other'].map((name) => join(folder, `${name}.jsonl`));
    const text = await readFile(whole, 'utf8');
    await writeFile(edited!, text.replace('"arrivedAt":2000', '"arrivedAt":2001'));
    await writeFile(cut!, text);
    await truncate(cut!, text.length - 150);
    await writeFile(other!, text.replace(`"format":${FORMAT}`, '"format":99'));
    const ends = await Promise.all([edited!, cut!, other!].map((path) => berthctl(['replay', path])));
    expect(ends.map(({ status, out }) => [status, out])).toEqual([
      [1, ''],
      [1, ''],
      [1, ''],
    ]);
    expect(ends[0]!.err).toContain('  line 6, sum: is not that of the line');
    expect(ends[0]!.err).toContain('  the 4 turns before it decided the same; --turn 4 shows the last');
    expect(ends[1]!.err).toMatch(/ {2}line \d: is cut off/);
    expect(ends[2]!.err).toContain(`  line 1, format: is 99: this version of Berth reads format ${FORMAT}`);
  });

  it.each([
    ['a folder', '.'],
    ['no file', 'nowhere.jsonl'],
    ['what is no regular file', '/dev/null'],
  ])('takes %s for wrong usage', async (_, path) => {
    const { status, err } = await berthctl(['replay', path]);
    expect(status).toBe(2);
    expect(err).toContain(`berthctl: ${path} cannot be read: `);
  });
});
