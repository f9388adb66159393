import { describe, expect, it } from '@jest/globals';
import type { Event } from '#core';
import { nothingLearned } from '../../../test/support/builders.js';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Notebook } from './notebook.js';
import type { Learned, LearnedChange, LearnedFacts } from './ports/learned.js';

const SERVER = aServer('t').id;
const A = aModel('a').id;
const B = aModel('b').id;

/** Keeps in memory what it is told, so that the last word on a thing can be asked for. */
class Shelf implements Learned {
  readonly kept = new Map<string, unknown>();
  readonly footprints: unknown[] = [];
  isBroken = false;

  read(): Promise<LearnedFacts> {
    return Promise.resolve(nothingLearned());
  }

  write(changes: readonly LearnedChange[]): Promise<void> {
    if (this.isBroken) return Promise.reject(new Error('disk full'));
    for (const change of changes) {
      if (change.kind === 'ordered') this.kept.set(change.server, change.value);
      if (change.kind === 'footprint') this.footprints.push(change.value);
    }
    return Promise.resolve();
  }
}

const WITHDRAWN: Event = { kind: 'ServerWithdrawn', server: SERVER };

function looked(driver: CoreDriver): Event {
  const look = { begunAt: driver.now, endedAt: driver.now, index: [], serving: [] };
  return {
    kind: 'Looked',
    server: SERVER,
    look: { ...look, metrics: null, mode: null, serverVersion: null },
  };
}

describe('a notebook', () => {
  it('forgets what was ordered on a server each time it is withdrawn', async () => {
    const store = new Shelf();
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
    const store = new Shelf();
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
    const store = new Shelf();
    const notebook = new Notebook(store);
    store.isBroken = true;
    await expect(notebook.ordered(SERVER, [A])).rejects.toThrow('disk full');
    store.isBroken = false;
    await notebook.ordered(SERVER, [A]);
    expect(store.kept.get(SERVER)).toEqual(['a']);
  });

  it('lets nobody take for written what it saw and could not write', async () => {
    const store = new Shelf();
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

  it('writes down what a model was measured to take, each change once', async () => {
    const store = new Shelf();
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
      { peak: 3, times: 1 },
      { peak: 5, times: 1 },
    ]);
  });

  it('strikes out what a model was measured to take once its name is forgotten', () => {
    const store = new Shelf();
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
    expect(store.footprints).toEqual([{ peak: 3, times: 1 }, null]);
  });
});
