import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Taker, Untaken } from './untaken.js';

const MIB = 2 ** 20;

let untaken: Untaken;
/** The lengths of the answers that were made. */
let made: number[];

let now: number;

beforeEach(() => {
  [untaken, made, now] = [new Untaken(() => now), [], 0];
});

/** A call on a connection, and its answer: its length, or why it was refused; undefined while it waits. */
class Call {
  private readonly over = new AbortController();
  answered: number | string | undefined;

  constructor(connection: string, bytes: number, more: Partial<Taker> = {}) {
    const taker = { connection, credential: 'viewer', isRead: true, ended: this.over.signal, ...more };
    const make = (): Promise<number> => Promise.resolve(made[made.push(bytes) - 1]!);
    untaken.answer(taker, make, Number).then(
      (length) => (this.answered = length),
      (error: Error) => (this.answered = error.message),
    );
  }

  end(): void {
    this.over.abort();
  }
}

/** Lets all go on that can. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('answers that wait to be taken', () => {
  it('are 4 MiB of a connection; the next ones come in order as calls end', async () => {
    const calls = Array.from({ length: 4 }, () => new Call('a', 2 * MIB));
    await settled();
    expect(calls.map(({ answered }) => answered)).toEqual([2 * MIB, 2 * MIB, undefined, undefined]);
    calls[1]!.end();
    await settled();
    expect(calls.map(({ answered }) => answered)).toEqual([2 * MIB, 2 * MIB, 2 * MIB, undefined]);
    expect(made).toHaveLength(5);
  });

  it('are refused where 1,000 wait already', async () => {
    const calls = Array.from({ length: 1_003 }, () => new Call('a', 4 * MIB));
    await settled();
    const answers = calls.map(({ answered }) => answered);
    expect(answers.filter((one) => one === undefined)).toHaveLength(1_000);
    expect(answers.slice(-2)).toEqual(Array(2).fill('too many long answers wait to be taken'));
  });

  it.each([
    ['a credential', 4, () => 'viewer'],
    ['all', 16, String],
  ])('are bounded for %s', async (_, most, credential) => {
    const calls = Array.from(
      { length: most + 1 },
      (__, nth) => new Call(`c${nth}`, 4 * MIB, { credential: credential(nth) }),
    );
    await settled();
    expect(calls.filter(({ answered }) => answered === 4 * MIB)).toHaveLength(most);
    calls[0]!.end();
    await settled();
    expect(calls.at(-1)!.answered).toBe(4 * MIB);
  });

  it('never wait where they are short, or where they tell of a write', async () => {
    const full = new Call('a', 4 * MIB);
    const short = new Call('a', 64 * 2 ** 10);
    const write = new Call('a', MIB, { isRead: false });
    await settled();
    expect([full.answered, short.answered, write.answered]).toEqual([4 * MIB, 64 * 2 ** 10, MIB]);
  });

  it('are refused after 30 s without room, and give back nothing that they did not have', async () => {
    const full = new Call('a', 4 * MIB);
    await settled();
    const late = new Call('a', MIB);
    await settled();
    now = 29_999;
    untaken.look();
    await settled();
    expect(late.answered).toBeUndefined();
    now += 1;
    untaken.look();
    await settled();
    expect(late.answered).toBe('too many long answers wait to be taken');
    late.end();
    full.end();
    const [first, second] = [new Call('a', 3 * MIB), new Call('a', 2 * MIB)];
    await settled();
    expect([first.answered, second.answered]).toEqual([3 * MIB, undefined]);
  });

  it('are not made for callers that have gone', async () => {
    const full = new Call('a', 4 * MIB);
    await settled();
    const gone = new Call('a', MIB);
    await settled();
    gone.end();
    await settled();
    expect(gone.answered).toMatch(/the caller has gone/);
    full.end();
    await settled();
    expect(made).toEqual([4 * MIB, MIB]);
  });
});
