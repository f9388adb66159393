import { beforeEach, describe, expect, it } from '@jest/globals';
import { learnTime, type ModelId, type ServerId } from '#core';
import type { LearnedChange, DeclarationChange } from '#engine';
import { MemoryRows } from '#triton-simulator';
import { nothingLearned } from '../../../test/support/builders.js';
import { openStore, type Store } from './index.js';

const [m, n] = ['m', 'n'] as ModelId[] as [ModelId, ModelId];
const s = 's' as ServerId;

const HELD = { kind: 'drain', name: 'a', revision: 1 } as const;
const TOLD: readonly DeclarationChange[] = [
  {
    kind: 'model',
    name: 'a.b',
    value: { revision: 2, spec: { idleUnloadSeconds: null }, pin: { copies: 1, until: null } },
  },
  { kind: 'model', name: 'c', value: { revision: 1, spec: null, pin: null } },
  { kind: 'model', name: '__proto__', value: { revision: 3, spec: {} } },
  {
    kind: 'server',
    id: 'a',
    value: { revision: 1, spec: { grpc: 'h:1' }, drain: { deadline: '2026-01-31T12:00:00Z' } },
  },
  {
    kind: 'server',
    id: 'b',
    value: { revision: 2, spec: {}, drain: null, joined: true, end: { said: 'leaving', deadline: null } },
  },
  { kind: 'server', id: 'c', value: { revision: 2, spec: null, drain: null, end: { said: 'left' } } },
  { kind: 'freeze', value: { reason: 'audit', since: '2026-01-31T12:00:00Z' } },
  {
    kind: 'orders',
    model: 'a.b',
    value: {
      load: true,
      unload: [{ server: 'a', force: true }],
      reload: [{ server: 'b', hasLeft: false }],
    },
  },
  {
    kind: 'answer',
    key: 'PUT /v1/models/ä k',
    value: { at: '2026-01-31T12:00:00Z', bodyHash: 'ff', status: 201, revision: '1', state: 'ready' },
  },
  { kind: 'hook', key: 'id-1', value: { at: '2026-01-31T12:00:00Z', word: null } },
  {
    kind: 'hook',
    key: 'word-2',
    value: { at: '2026-01-31T12:00:00Z', word: { hash: 'f'.repeat(64), servers: ['a', 'ä'] } },
  },
  {
    kind: 'episode',
    key: '0a1b-2026-01-31T12:00:00Z',
    value: { heardAt: '2026-01-31T12:00:01Z', isDone: true, holds: HELD, undo: false },
  },
];

const TIMES = { mean: 7.5, deviation: 0.25, count: 3 };

const LEARNED: readonly LearnedChange[] = [
  {
    kind: 'server',
    server: s,
    value: { repository: [m, n], devices: [{ ordinal: 0, uuid: null, kind: 'gpu', capacity: 2 ** 34 }] },
  },
  { kind: 'ordered', server: s, value: [m] },
  { kind: 'steps', model: m, value: [n] },
  { kind: 'loadTimes', model: m, value: { anywhere: TIMES, on: [{ server: s, times: TIMES }] } },
  { kind: 'loadPace', server: s, value: TIMES },
  { kind: 'footprint', model: m, value: { peak: 2 ** 31, times: 2, latest: [2 ** 31, 2 ** 30] } },
];

describe('what is kept', () => {
  let texts: Map<string, string>;

  beforeEach(() => {
    texts = new Map();
  });

  it('holds nothing at first', async () => {
    const { declarations, learned } = await opened();
    expect(await declarations.read()).toEqual({
      models: new Map(),
      servers: new Map(),
      freeze: null,
      orders: new Map(),
      answers: new Map(),
      hooks: new Map(),
      episodes: new Map(),
    });
    expect(await learned.read()).toEqual(nothingLearned());
  });

  it('says after a restart what was told and learned', async () => {
    const first = await opened();
    await first.declarations.write(TOLD);
    await first.learned.write(LEARNED);
    await first.close();
    const { declarations, learned } = await opened();
    const told = await declarations.read();
    for (const change of TOLD) {
      if (change.kind === 'model') expect(told.models.get(change.name)).toEqual(change.value);
      if (change.kind === 'server') expect(told.servers.get(change.id)).toEqual(change.value);
      if (change.kind === 'freeze') expect(told.freeze).toEqual(change.value);
      if (change.kind === 'orders') expect(told.orders.get(change.model)).toEqual(change.value);
      if (change.kind === 'hook') expect(told.hooks.get(change.key)).toEqual(change.value);
      if (change.kind === 'episode') expect(told.episodes.get(change.key)).toEqual(change.value);
      if (change.kind === 'answer') {
        expect(told.answers.get(change.key)).toBe(change.value?.at);
        expect(await declarations.answer(change.key)).toEqual(change.value);
      }
    }
    const { freeze: _, ...tables } = told;
    expect(Object.values(tables).map(({ size }) => size)).toEqual([3, 3, 1, 1, 2, 1]);
    const facts = await learned.read();
    expect([
      ...facts.servers.values(),
      facts.ordered.get(s),
      facts.steps.get(m),
      facts.loadTimes.get(m),
      facts.loadPaces.get(s),
      facts.footprints.get(m),
    ]).toEqual(LEARNED.map(({ value }) => value));
  });

  it('reads answers of which earlier versions kept the whole body, and tells those that make no sense', async () => {
    const at = '2026-01-31T12:00:00Z';
    const body = { name: 'm', revision: '7', state: 'draining', spec: { filler: 'x'.repeat(45_000) } };
    const old = { at, bodyHash: 'ff', status: 202 };
    await spoil({
      'told/answer/k': JSON.stringify({ ...old, body }),
      'told/answer/n': JSON.stringify({ ...old, body: null }),
    });
    const { declarations } = await opened();
    expect((await declarations.read()).answers).toEqual(
      new Map([
        ['k', at],
        ['n', at],
      ]),
    );
    expect(await declarations.answer('k')).toEqual({ ...old, revision: '7', state: 'draining' });
    expect(await declarations.answer('n')).toEqual({ ...old, revision: null, state: null });
    expect(await declarations.answer('never')).toBeUndefined();
    await spoil({ 'told/answer/k': '7' });
    await expect((await opened()).declarations.answer('k')).rejects.toMatchObject({ reason: 'damaged' });
  });

  it('replaces, and removes with null', async () => {
    const { declarations, learned } = await opened();
    await declarations.write(TOLD);
    await declarations.write([
      { kind: 'model', name: 'a.b', value: null },
      { kind: 'model', name: 'c', value: { revision: 9, spec: {} } },
      { kind: 'freeze', value: null },
      { kind: 'answer', key: 'never there', value: null },
    ]);
    const { models, freeze } = await declarations.read();
    expect(freeze).toBeNull();
    expect([...models]).toEqual([
      ['__proto__', { revision: 3, spec: {} }],
      ['c', { revision: 9, spec: {} }],
    ]);
    await learned.write(LEARNED);
    await learned.write([{ kind: 'steps', model: m, value: null }]);
    expect((await learned.read()).steps.size).toBe(0);
    await learned.write([{ kind: 'steps', model: m, value: [] }]);
    expect((await learned.read()).steps.get(m)).toEqual([]);
    await learned.write([{ kind: 'steps', model: m, value: [n] }]);
    expect((await learned.read()).steps.get(m)).toEqual([n]);
    await learned.write([]);
  });

  it('writes nothing of a change of which one part cannot be stored', async () => {
    const { declarations } = await opened();
    const bad = { kind: 'model', name: 'bad', value: { revision: -1, spec: null } } as const;
    await expect(declarations.write([TOLD[0]!, bad])).rejects.toThrow('the value for told/model/bad');
    expect((await declarations.read()).models.size).toBe(0);
  });

  it('counts its terms', async () => {
    for (const term of [1, 2, 3]) {
      const store = await opened();
      expect(store.leadership.term).toBe(term);
      expect(store.leadership.mayAct()).toBe(true);
      await store.close();
      await store.close();
      expect(store.leadership.mayAct()).toBe(false);
    }
  });

  it('belongs to one installation', async () => {
    await (await opened()).close();
    await expect(openStore(rowsNow(), { fleet: 'other' })).rejects.toMatchObject({
      reason: 'other_fleet',
      message: expect.stringContaining('belongs to the installation "berth", not to "other"'),
    });
    expect((await opened()).leadership.term).toBe(2);
  });

  it('names the key of a declaration that makes no sense, and is not changed by it', async () => {
    await spoil({
      'told/model/m': '{"revision":1',
      'told/server/s': '{"revision":"1","spec":null,"drain":null}',
    });
    const { declarations } = await opened();
    await expect(declarations.read()).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining('under: told/model/m, told/server/s.'),
    });
    await declarations.write([
      { kind: 'model', name: 'm', value: null },
      { kind: 'server', id: 's', value: null },
    ]);
    expect((await declarations.read()).models.size).toBe(0);
  });

  it('leaves out a learned fact that makes no sense, and says so', async () => {
    await spoil({ 'learned/steps/m': 'null', 'learned/load-took/m': '7', 'learned/load-pace/s': '7' });
    const heard: string[] = [];
    const { learned } = await opened((key) => heard.push(key));
    const facts = await learned.read();
    expect(facts.steps.size).toBe(0);
    expect(facts.loadTimes.has(m)).toBe(true);
    expect(heard).toEqual(['learned/steps/m', 'learned/load-pace/s']);
  });

  it('takes the time of a last load, as it was kept before, for that of one load', async () => {
    await spoil({ 'learned/load-took/m': '7000', 'learned/load-took/n': '-1' });
    const heard: string[] = [];
    const { loadTimes } = await (await opened((key) => heard.push(key))).learned.read();
    expect(loadTimes.get(m)).toEqual({ anywhere: learnTime(undefined, 7_000), on: [] });
    expect(heard).toEqual(['learned/load-took/n']);
  });

  it.each([
    [{ 'meta/schema': '2' }, 'other_version', 'has layout 2; this version of Berth reads layout 1'],
    [{ 'meta/schema': 'x' }, 'damaged', 'under: meta/schema'],
    [{ 'meta/fleet': '7' }, 'damaged', 'under: meta/fleet'],
    [{ 'meta/term': '' }, 'damaged', 'under: meta/term'],
  ])('is refused with %j, and can be opened once that is repaired', async (values, reason, words) => {
    await spoil(values);
    await expect(opened()).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(words),
    });
    await spoil({ 'meta/schema': '1', 'meta/fleet': '"berth"', 'meta/term': '4' });
    expect((await opened()).leadership.term).toBe(5);
  });

  it('does not take the rows of another program', async () => {
    texts.set('a', 'b');
    await expect(opened()).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining('was not made by Berth'),
    });
    expect([...texts]).toEqual([['a', 'b']]);
  });

  it('lets go of the rows where it is refused', async () => {
    const rows = rowsNow();
    texts.set('a', 'b');
    await expect(openStore(rows, { fleet: 'berth' })).rejects.toThrow();
    await expect(rows.get('a')).rejects.toThrow('closed');
  });

  /** As after a crash: what was written is there, and nothing else. */
  function rowsNow(): MemoryRows {
    return new MemoryRows(texts);
  }

  function opened(onDamage: (key: string) => void = () => {}): Promise<Store> {
    return openStore(rowsNow(), { fleet: 'berth', onDamage });
  }

  /** Puts texts into a store behind its back. */
  async function spoil(values: Readonly<Record<string, string>>): Promise<void> {
    await opened().catch(() => null);
    for (const [key, text] of Object.entries(values)) texts.set(key, text);
  }
});
