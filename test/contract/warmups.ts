import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ENDED_WARMUPS, type NewWarmup, WARMUP_TRIES, type Warmup, type Warmups } from '#engine';
import { until } from '../support/until.js';
import { Loads } from '../support/warmup-loads.js';

/** A place where warm-ups are kept: what was added there is found by the next life that opens it. */
export interface WarmupsStage {
  /** Their tries follow each other at once. */
  open(): Promise<Warmups>;
  /** Takes the place down. */
  end(): Promise<void>;
}

/** What a test works with: the warm-ups that are open now, and the loads that they order. */
interface Subject {
  warmups: Warmups;
  loads: Loads;
  stage: WarmupsStage;
}

/** What everything that does warm-ups has to do. */
export function warmupsKeepTheirPromises(name: string, begin: () => Promise<WarmupsStage>): void {
  describe(`warm-ups in ${name}`, () => {
    const subject = {} as Subject;

    beforeEach(async () => {
      subject.stage = await begin();
      await open(subject);
    });

    afterEach(async () => {
      await subject.warmups.close();
      await subject.stage.end();
    });

    areKept(subject);
    areListed(subject);
    areDone(subject);
    areCancelled(subject);
    outliveALife(subject);
    failAndEnd(subject);
  });
}

function areKept(subject: Subject): void {
  it('are there once added, with none of their models begun', async () => {
    const { warmups } = subject;
    expect(await warmups.add(aWarmup(1, ['a', 'b']))).toEqual({ durable: true });
    const waiting = { ...aWarmup(1, ['a', 'b']), state: 'waiting', ends: [null, null], endedAt: null };
    expect(await warmups.get(idOf(1))).toEqual(waiting);
    expect(await warmups.get(idOf(2))).toBeUndefined();
    expect(await warmups.counts()).toEqual({ waiting: 1, running: 0, failed: 0 });
  });

  it('stay as they are where the same is added twice, also at once', async () => {
    const { warmups, loads } = subject;
    const twice = [warmups.add(aWarmup(1, ['a'])), warmups.add(aWarmup(1, ['a']))];
    await Promise.all(twice);
    warmups.begin(loads);
    await ended(subject, 1);
    await warmups.add(aWarmup(1, ['a']));
    expect((await warmups.get(idOf(1)))?.state).toBe('done');
    expect([loads.asked, loads.ended]).toEqual([['a'], ['done']]);
  });

  it('keep names of all characters that names may have, as many as a warm-up may have', async () => {
    const models = Array.from({ length: 1_000 }, (_, nth) => `Model-${nth}_v1.0`);
    await subject.warmups.add(aWarmup(1, models));
    subject.warmups.begin(subject.loads);
    const { ends } = await ended(subject, 1);
    expect(ends).toEqual(models.map(() => 'ready'));
    expect(new Set(subject.loads.asked)).toEqual(new Set(models));
  });
}

function areDone(subject: Subject): void {
  it('end with what each load came to, in the order of the models', async () => {
    const { warmups, loads } = subject;
    loads.ends.set('b', 'infeasible');
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a', 'b', 'c']));
    const { state, ends, endedAt } = await ended(subject, 1);
    expect([state, ends]).toEqual(['done', ['ready', 'infeasible', 'ready']]);
    expect(Date.parse(endedAt ?? '')).toBeGreaterThan(0);
    expect(await warmups.counts()).toEqual({ waiting: 0, running: 0, failed: 0 });
  });

  it('tell how far they are', async () => {
    const { warmups, loads } = subject;
    loads.hold('b');
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a', 'b']));
    await until(async () => (await warmups.get(idOf(1)))?.ends[0] === 'ready');
    expect(await warmups.get(idOf(1))).toMatchObject({
      state: 'running',
      ends: ['ready', null],
      endedAt: null,
    });
    expect(await warmups.counts()).toEqual({ waiting: 0, running: 1, failed: 0 });
    loads.release('b');
    expect((await ended(subject, 1)).ends).toEqual(['ready', 'ready']);
  });

  it('order loads in the name of the credential that asked for them', async () => {
    const { warmups, loads } = subject;
    warmups.begin(loads);
    await warmups.add({ ...aWarmup(1, ['a']), credential: 'night-shift' });
    await ended(subject, 1);
    expect([...loads.credentials]).toEqual(['night-shift']);
  });
}

function areCancelled(subject: Subject): void {
  it('begin no other model once cancelled', async () => {
    const { warmups, loads } = subject;
    const models = Array.from({ length: 40 }, (_, nth) => `m${nth}`);
    loads.hold(...models);
    warmups.begin(loads);
    await warmups.add(aWarmup(1, models));
    await until(() => loads.waiting.length > 0);
    await warmups.cancel(idOf(1));
    expect((await warmups.get(idOf(1)))?.state).toBe('cancelled');
    const begun = [...loads.asked];
    loads.release(...models);
    const { state, ends } = await ended(subject, 1);
    expect(state).toBe('cancelled');
    expect(loads.asked.slice(0, begun.length)).toEqual(begun);
    expect(ends.filter((end) => end === null).length).toBeGreaterThan(0);
  });

  it('are cancelled before they begin, and never begin then', async () => {
    const { warmups, loads } = subject;
    await warmups.add(aWarmup(1, ['a']));
    await warmups.cancel(idOf(1));
    warmups.begin(loads);
    expect((await ended(subject, 1)).state).toBe('cancelled');
    expect(loads.asked).toEqual([]);
  });

  it('stay as they are where they have ended, or are not there', async () => {
    const { warmups, loads } = subject;
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a']));
    await ended(subject, 1);
    await warmups.cancel(idOf(1));
    await warmups.cancel(idOf(2));
    expect((await warmups.get(idOf(1)))?.state).toBe('done');
    expect(await warmups.get(idOf(2))).toBeUndefined();
  });
}

function areListed(subject: Subject): void {
  it('are listed, also once they have ended', async () => {
    const { warmups, loads } = subject;
    await warmups.add(aWarmup(1, ['a']));
    await warmups.add(aWarmup(2, ['b', 'c']));
    const listed = async () => (await warmups.list()).map(({ id, state }) => `${id} ${state}`).toSorted();
    expect(await listed()).toEqual([`${idOf(1)} waiting`, `${idOf(2)} waiting`]);
    warmups.begin(loads);
    await until(() => loads.ended.length === 2);
    expect(await listed()).toEqual([`${idOf(1)} done`, `${idOf(2)} done`]);
  });
}

function outliveALife(subject: Subject): void {
  it('go on in the next life with what has not ended', async () => {
    const { warmups, loads } = subject;
    loads.hold('b');
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a', 'b']));
    await until(async () => (await warmups.get(idOf(1)))?.ends[0] === 'ready');
    await reopen(subject);
    expect((await subject.warmups.get(idOf(1)))?.ends).toEqual(['ready', null]);
    subject.warmups.begin(subject.loads);
    expect(await ended(subject, 1)).toMatchObject({ state: 'done', ends: ['ready', 'ready'] });
    expect(subject.loads.asked).toEqual(['b']);
  });

  it('are cancelled in the next life as well', async () => {
    await subject.warmups.add(aWarmup(1, ['a']));
    await subject.warmups.cancel(idOf(1));
    await reopen(subject);
    subject.warmups.begin(subject.loads);
    expect((await ended(subject, 1)).state).toBe('cancelled');
    expect(subject.loads.asked).toEqual([]);
  });
}

function failAndEnd(subject: Subject): void {
  it('are tried again where a load could not be ordered, without the models that have ended', async () => {
    const { warmups, loads } = subject;
    loads.failures.set('b', 3);
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a', 'b']));
    expect(await ended(subject, 1)).toMatchObject({ state: 'done', ends: ['ready', 'ready'] });
    expect(loads.asked.filter((model) => model === 'a')).toEqual(['a']);
  });

  it('are dead letters after too many tries, and the others go on', async () => {
    const { warmups, loads } = subject;
    loads.failures.set('bad', Infinity);
    warmups.begin(loads);
    await warmups.add(aWarmup(1, ['a', 'bad']));
    expect(await ended(subject, 1)).toMatchObject({ state: 'failed', ends: ['ready', null] });
    expect(loads.asked.filter((model) => model === 'bad')).toHaveLength(WARMUP_TRIES);
    expect(await warmups.counts()).toEqual({ waiting: 0, running: 0, failed: 1 });
    await warmups.add(aWarmup(2, ['c']));
    expect((await ended(subject, 2)).state).toBe('done');
  });

  it('are kept for a while once they have ended: the newest ones', async () => {
    const { warmups, loads } = subject;
    warmups.begin(loads);
    for (let nth = 0; nth <= ENDED_WARMUPS; nth += 1) {
      await warmups.add(aWarmup(nth, ['a']));
      await until(() => loads.ended.length === nth + 1);
    }
    await until(async () => (await warmups.get(idOf(0))) === undefined);
    expect((await warmups.get(idOf(ENDED_WARMUPS)))?.state).toBe('done');
  });
}

async function open(subject: Subject): Promise<void> {
  subject.loads = new Loads();
  subject.warmups = await subject.stage.open();
}

async function reopen(subject: Subject): Promise<void> {
  await subject.warmups.close();
  await open(subject);
}

/** The warm-up once nothing more of it is done, and its end was told. */
async function ended({ warmups, loads }: Subject, nth: number): Promise<Warmup> {
  let found: Warmup | undefined;
  await until(async () => {
    found = await warmups.get(idOf(nth));
    return found?.endedAt != null && loads.ended.length > 0;
  });
  return found!;
}

const idOf = (nth: number): string => `wu_${nth.toString(16).padStart(32, '0')}`;

function aWarmup(nth: number, models: readonly string[]): NewWarmup {
  return { id: idOf(nth), at: '2026-01-31T12:00:00.000Z', credential: 'operator', models };
}
