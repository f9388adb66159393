import { beforeEach, describe, expect, it } from '@jest/globals';
import { keysOf } from './keys.js';
import { RedisRows } from './redis-rows.js';
import type { RedisLink } from './connection.js';

/** A Redis with what the script of a write does; an answer can be lost, and so can writes. */
class FakeLink {
  readonly generation = 1;
  rows = new Map<string, string>();
  /** Its clock, in ms. */
  time = 50_000;
  readonly now = (): number => this.time;
  private last = '';
  private writes = 0;
  /** How many runs from now on there is one that is carried out, and not answered. */
  unansweredIn = Infinity;

  /** Each command is carried out when its sender has given up. */
  isLate = false;
  private readonly late: (() => unknown)[] = [];

  /** What was late is carried out. */
  arrive(): unknown[] {
    return this.late.splice(0).map((run) => run());
  }

  readonly settled = () => Promise.resolve();
  readonly askAnew = () => undefined;

  /** As after a failover to a replica that lacks the newest writes. */
  loseAllBut(count: number): void {
    this.rows = new Map([...this.rows].slice(0, count));
    this.writes = count;
    this.last = `7.${count}`;
  }

  async run(_: string, __: readonly string[], args: readonly (string | number)[]) {
    this.unansweredIn -= 1;
    if (this.isLate) {
      this.late.push(() => this.carryOut(args).reply[1]);
      throw new Error('Command timed out');
    }
    const carriedOut = this.carryOut(args);
    if (this.unansweredIn === 0) throw new Error('Command timed out');
    return carriedOut;
  }

  private carryOut(args: readonly (string | number)[]) {
    if (Number(args[0]) < this.now()) return { reply: [this.now(), 'late'], isConfirmed: true };
    if (this.last !== args[2])
      return { reply: [this.now(), 'other', String(this.writes), this.last], isConfirmed: true };
    this.writes = Number(args[3]);
    this.last = String(args[4]);
    for (let at = 7 + Number(args[6]); at < args.length; at += 4)
      this.rows.set(String(args[at + 1]), String(args[at + 3]));
    return { reply: [this.now(), 'written'], isConfirmed: true };
  }

  async ask(work: (client: object) => Promise<unknown>): Promise<unknown> {
    return work({
      hmget: () => Promise.resolve(['7', String(this.writes), this.last]),
      hkeys: () => Promise.resolve(['told/model/']),
      hscan: () => Promise.resolve(['0', [...this.rows].flat()]),
    });
  }
}

let link: FakeLink;
let losses: number[];
let found: number[];
let rows: RedisRows;

const open = async (): Promise<void> => {
  link = new FakeLink();
  [losses, found] = [[], []];
  rows = await RedisRows.open(link as unknown as RedisLink, keysOf('berth'), {
    ...{ term: 7, place: 'a fake', onHigherTerm: () => undefined },
    onFound: (term) => void found.push(term),
    onLoss: (count) => void losses.push(count),
  });
};
const write = (name: string, kind = 'told/model') => rows.write([{ key: `${kind}/${name}`, text: name }]);
const stored = (): string[] => [...link.rows.values()].toSorted();

describe('a write that was refused, since Redis did not answer', () => {
  beforeEach(async () => {
    await open();
    await write('a');
  });

  it('has no effect where it arrives more than a second later', async () => {
    link.isLate = true;
    await expect(write('b')).rejects.toThrow('a fake');
    link.isLate = false;
    link.time += 1_500;
    expect(link.arrive()).toEqual(['late']);
    await write('c');
    expect([stored(), found]).toEqual([['a', 'c'], []]);
  });

  it('ends the term where it is stored all the same, and nothing more is written', async () => {
    link.unansweredIn = 1;
    await expect(write('b')).rejects.toThrow('a fake');
    await expect(write('c')).rejects.toThrow('another term begins');
    expect([stored(), found]).toEqual([['a', 'b'], [7]]);
  });

  it('ends no term where it was not of what is declared', async () => {
    link.unansweredIn = 1;
    await expect(write('b', 'learned/footprint')).rejects.toThrow('a fake');
    await write('c');
    expect([stored(), found]).toEqual([['a', 'b', 'c'], []]);
  });
});

describe('rows in a Redis that has lost writes', () => {
  beforeEach(async () => {
    await open();
    for (const name of ['a', 'b', 'c']) await write(name);
    link.loseAllBut(1);
  });

  it('are written again, and the loss is told', async () => {
    await write('d');
    expect([stored(), losses]).toEqual([['a', 'b', 'c', 'd'], [2]]);
  });

  it('tell of the loss also where it was not answered that they are written again', async () => {
    link.unansweredIn = 2;
    await expect(write('d')).rejects.toThrow('a fake');
    expect(losses).toEqual([]);
    await expect(write('e')).rejects.toThrow('another term begins');
    expect([stored(), losses, found]).toEqual([['a', 'b', 'c', 'd'], [2], [7]]);
  });
});
