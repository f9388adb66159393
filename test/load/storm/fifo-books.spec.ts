import { describe, expect, it } from '@jest/globals';
import { FifoBooks } from './fifo-books.js';
import { drawWorkload, type Workload } from './workload.js';

/** One GPU with room for two models. */
const SMALL: Workload = {
  ...{
    servers: 1,
    gpus: 1,
    gpuMb: 400 + 1_024 + 20,
    queue: 3,
    queuePerModel: 3,
    loadsPerServer: 1,
    loadsPerDevice: 1,
  },
  ...{ swapsPerMinute: 60, residencyMs: 2_000, loadSpread: 0.15 },
  models: ['a', 'b', 'c', 'd'].map((name) => ({ name, mb: 10, loadMs: 1_000 })),
};

const LEASE = 500;
const load = (model: string) => ({ kind: 'load', model, server: 0, device: 0 });
const unload = (model: string) => ({ kind: 'unload', model, server: 0, device: 0 });

function booksWith(...models: string[]): FifoBooks {
  const books = new FifoBooks(SMALL);
  for (const [id, model] of models.entries()) books.arrive({ id, model, lease: LEASE }, 0);
  return books;
}

describe('the plain FIFO queue', () => {
  it('loads in the order of arrival, one at a time', () => {
    const books = booksWith('b', 'a');
    expect(books.next(0)).toEqual([load('b')]);
    expect(books.next(0)).toEqual([]);
    expect(books.loaded('b', 1_000)).toEqual([0]);
    expect(books.next(1_000)).toEqual([load('a')]);
  });

  it('loads once for all requests that wait for a model, and answers the next at once', () => {
    const books = booksWith('a', 'a');
    expect(books.next(0)).toEqual([load('a')]);
    expect(books.loaded('a', 1_000)).toEqual([0, 1]);
    expect(books.arrive({ id: 2, model: 'a', lease: LEASE }, 1_000)).toBe('warm');
  });

  it('takes no request beyond its length', () => {
    const books = booksWith('a', 'b', 'c');
    expect(books.arrive({ id: 3, model: 'd', lease: LEASE }, 0)).toBe('queue_full');
    books.leave(0);
    expect(books.arrive({ id: 3, model: 'd', lease: LEASE }, 0)).toBe('waits');
  });

  it('loads for no request whose time is up', () => {
    const books = booksWith('a');
    books.leave(0);
    expect(books.next(0)).toEqual([]);
  });

  it('lets go of the least recently used, and loads once its memory is free', () => {
    const books = booksWith('a');
    for (const model of ['a', 'b']) {
      books.arrive({ id: 1, model, lease: LEASE }, 0);
      books.next(0);
      books.loaded(model, model === 'a' ? 1_000 : 2_000);
    }
    books.arrive({ id: 2, model: 'c', lease: LEASE }, 2_100);
    expect(books.next(2_100)).toEqual([]);
    expect(books.next(3_000)).toEqual([unload('a')]);
    expect(books.next(3_001)).toEqual([]);
    books.gone('a');
    expect(books.next(3_200)).toEqual([load('c')]);
  });

  it('tries again what failed', () => {
    const books = booksWith('a');
    books.next(0);
    books.gone('a');
    expect(books.next(1)).toEqual([load('a')]);
  });

  it('uses every device of a fleet', () => {
    const workload = drawWorkload(1);
    const books = new FifoBooks(workload);
    for (const [id, { name }] of workload.models.slice(0, 20).entries())
      books.arrive({ id, model: name, lease: LEASE }, 0);
    const places = books.next(0).map(({ server, device }) => `${server}/${device}`);
    expect(new Set(places).size).toBe(8);
    expect(places).toHaveLength(8);
  });
});
