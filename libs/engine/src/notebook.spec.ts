import { describe, expect, it } from '@jest/globals';
import {
  type Event,
  type Fleet,
  type LoadTimes,
  type ModelId,
  type OrderId,
  replicaId,
  type ServerId,
} from '#core';
import { nothingLearned } from '../../../test/support/builders.js';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Shelf } from '../../../test/support/shelf.js';
import { Notebook } from './notebook.js';
import type { Learned, LearnedChange, LearnedFacts, LearnedLoadTimes } from './ports/learned.js';

const SERVER = aServer('t').id;
const A = aModel('a').id;
const B = aModel('b').id;

/** Keeps in memory what it is told, so that the last word on a thing can be asked for. */
class KeptFacts implements Learned {
  readonly kept = new Map<string, unknown>();
  readonly footprints: unknown[] = [];
  readonly servers: unknown[] = [];
  readonly loadTimes = new Map<ModelId, LearnedLoadTimes>();
  readonly loadPaces = new Map<ServerId, LoadTimes>();
  writes = 0;
  isBroken = false;

  read(): Promise<LearnedFacts> {
    const { loadTimes, loadPaces } = this;
    return Promise.resolve({ ...nothingLearned(), loadTimes, loadPaces });
  }

  write(changes: readonly LearnedChange[]): Promise<void> {
    if (this.isBroken) return Promise.reject(new Error('disk full'));
    this.writes += 1;
    for (const change of changes) {
      if (change.kind === 'loadTimes') setOrDelete(this.loadTimes, change.model, change.value);
      if (change.kind === 'loadPace') setOrDelete(this.loadPaces, change.server, change.value);
      if (change.kind === 'ordered') this.kept.set(change.server, change.value);
      if (change.kind === 'server') this.servers.push(change.value);
      if (change.kind === 'footprint') this.footprints.push(change.value);
    }
    return Promise.resolve();
  }
}

function setOrDelete<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

const WITHDRAWN: Event = { kind: 'ServerWithdrawn', server: SERVER };

const looked = ({ now }: CoreDriver): Event => ({
  kind: 'Looked',
  server: SERVER,
  look: new Shelf().look(now, 'full', false),
});

describe('a notebook', () => {
  it('forgets what was ordered on a server each time it is withdrawn', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const { fleet } = new CoreDriver();
    for (let round = 0; round < 2; round += 1) {
      await notebook.ordered(SERVER, [A]);
      expect(store.kept.get(SERVER)).toEqual(['a']);
      notebook.keep(fleet, [WITHDRAWN]);
      expect(store.kept.get(SERVER)).toBeNull();
    }
  });

  it('strikes out what was seen gone, and keeps what is there', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
    await notebook.ordered(SERVER, [A, B]);
    notebook.keep(driver.fleet, [looked(driver)]);
    expect(store.kept.get(SERVER)).toEqual(['a']);
    driver.pass(400_000);
    notebook.keep(driver.fleet, [looked(driver)]);
    expect(store.kept.get(SERVER)).toEqual([]);
  });

  it('writes an order anew that it could not write', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    store.isBroken = true;
    await expect(notebook.ordered(SERVER, [A])).rejects.toThrow('disk full');
    store.isBroken = false;
    await notebook.ordered(SERVER, [A]);
    expect(store.kept.get(SERVER)).toEqual(['a']);
  });

  it('does not take for written what it saw and could not write', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
    await notebook.ordered(SERVER, [B]);
    store.isBroken = true;
    notebook.keep(driver.fleet, [looked(driver)]);
    await expect(notebook.ordered(SERVER, [A])).rejects.toThrow('disk full');
    store.isBroken = false;
    await notebook.ordered(SERVER, [A]);
    expect(store.kept.get(SERVER)).toEqual(['a']);
  });

  it('writes down what a server lists once, and does not go over a directory that is the same', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().serve(aServer('t'), ['a']);
    const seen = (): void => notebook.keep(driver.fleet, [looked(driver)]);
    const server = driver.fleet.servers.get(SERVER)!;
    seen();
    server.repository = new Set([A, B]);
    seen();
    Object.assign(server.repository, { [Symbol.iterator]: null });
    seen();
    await notebook.ordered(SERVER, []);
    expect(store.servers).toMatchObject([{ repository: ['a'] }, { repository: ['a', 'b'] }]);
  });

  it('writes it anew where it could not write it, and where the server was forgotten', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().serve(aServer('t'), ['a']);
    store.isBroken = true;
    notebook.keep(driver.fleet, [looked(driver)]);
    await Promise.resolve();
    await Promise.resolve();
    store.isBroken = false;
    notebook.keep(driver.fleet, [looked(driver)]);
    notebook.keep(driver.fleet, [WITHDRAWN]);
    notebook.keep(driver.fleet, [looked(driver)]);
    expect(store.servers).toMatchObject([{ repository: ['a'] }, null, { repository: ['a'] }]);
  });

  it('writes down what a model was measured to take, each change once', async () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
    const measured = (bytes: number): void => {
      driver.shelf('t').memory.set(aModel('a').id, [{ ordinal: 0, bytes }]);
      driver.pass(3_000);
      notebook.keep(driver.fleet, [looked(driver)]);
      notebook.keep(driver.fleet, [looked(driver)]);
    };
    measured(3);
    measured(5);
    await notebook.ordered(SERVER, []);
    expect(store.footprints).toEqual([
      { peak: 3, times: 1, latest: [3, 3] },
      { peak: 5, times: 1, latest: [5, 5] },
    ]);
  });

  it('strikes out what a model was measured to take once its name is forgotten', () => {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
    driver.shelf('t').memory.set(A, [{ ordinal: 0, bytes: 3 }]);
    driver.pass(3_000);
    notebook.keep(driver.fleet, [looked(driver)]);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.shelf('t').states.clear();
    driver.pass(400_000);
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    notebook.keep(driver.fleet, [{ kind: 'ModelWithdrawn', model: A }]);
    expect(store.footprints).toEqual([{ peak: 3, times: 1, latest: [3, 3] }, null]);
  });
});

describe('what a notebook keeps of load times', () => {
  const spec = { ...aServer('t'), discover: false };
  const ended: Event = {
    kind: 'LoadEnded',
    order: 'o1' as OrderId,
    replica: replicaId(A, SERVER),
    outcome: { kind: 'unknown' },
  };

  /** A model that was loaded once, which took 3 s, as a notebook has heard. */
  async function loadedOnce() {
    const store = new KeptFacts();
    const notebook = new Notebook(store);
    const driver = new CoreDriver().declare(aModel('a')).serve(spec, ['a']);
    driver.resolve('a');
    driver.pass(3_000);
    driver.loadEnds('a', 't');
    await notebook.recall();
    notebook.keep(driver.fleet, [ended]);
    return { store, notebook, driver };
  }

  const timesIn = ({ loadTimes, servers }: Fleet) => [
    loadTimes,
    ...Array.from(servers.values(), (server) => [server.loadTimes, server.loadPace]),
  ];

  it('is known to the next life, of each model and server', async () => {
    const { store, driver } = await loadedOnce();
    const next = new CoreDriver().declare(aModel('a')).serve(spec, ['a']);
    next.tell(...(await new Notebook(store).recall()));
    expect(timesIn(next.fleet)).toEqual(timesIn(driver.fleet));
    expect(next.fleet.loadTimes.get(A)).toMatchObject({ mean: Math.log(3_000), count: 1 });
  });

  it('is written once, also by a life that was told it', async () => {
    const { store, notebook, driver } = await loadedOnce();
    const later = new Notebook(store);
    await later.recall();
    notebook.keep(driver.fleet, [ended]);
    notebook.keep(driver.fleet, [ended]);
    later.keep(driver.fleet, [ended]);
    expect(store.writes).toBe(1);
  });

  it('goes with the server, but for what holds anywhere', async () => {
    const { store, notebook, driver } = await loadedOnce();
    driver.tell(WITHDRAWN);
    notebook.keep(driver.fleet, [WITHDRAWN]);
    expect(store.loadTimes.get(A)).toMatchObject({ anywhere: { count: 1 }, on: [] });
    expect(store.loadPaces.size).toBe(0);
  });

  it('goes with the model, also where an earlier life had learned it', async () => {
    const { store, driver } = await loadedOnce();
    const withdrawn: Event = { kind: 'ModelWithdrawn', model: A };
    const notebook = new Notebook(store);
    await notebook.recall();
    driver.tell(withdrawn);
    notebook.keep(driver.fleet, [withdrawn]);
    expect(store.loadTimes.size).toBe(0);
  });
});
