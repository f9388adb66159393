import { beforeEach, describe, expect, it } from '@jest/globals';
import { keysOf } from './keys.js';
import { RedisRows } from './redis-rows.js';
import type { RedisLink } from './connection.js';

/** A Redis with what the script of a write does; an answer can be lost, and so can writes. */
class FakeLink {
  readonly generation = 1;
  rows = new Map<string, string>();
  private last = '';
  private writes = 0;
  /** How many runs from now on there is one that is carried out, and not answered. */
  unansweredIn = Infinity;

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
    if (this.last !== args[1]) return { reply: ['other', String(this.writes), this.last], isConfirmed: true };
    this.writes = Number(args[2]);
    this.last = String(args[3]);
    for (let at = 6 + Number(args[5]); at < args.length; at += 4)
      this.rows.set(String(args[at + 1]), String(args[at + 3]));
    if (this.unansweredIn === 0) throw new Error('Command timed out');
    return { reply: ['written'], isConfirmed: true };
  }

  async ask(work: (client: object) => Promise<unknown>): Promise<unknown> {
    return work({
      hmget: () => Promise.resolve(['7', String(this.writes), this.last]),
      hkeys: () => Promise.resolve(['told/model/']),
      hscan: () => Promise.resolve(['0', [...this.rows].flat()]),
    });
  }
}

describe('rows in a Redis that has lost writes', () => {
  let link: FakeLink;
  let losses: number[];
  let rows: RedisRows;

  beforeEach(async () => {
    link = new FakeLink();
    losses = [];
    rows = await RedisRows.open(link as unknown as RedisLink, keysOf('berth'), {
      ...{ term: 7, place: 'a fake', onHigherTerm: () => undefined },
      onLoss: (count) => void losses.push(count),
    });
    for (const name of ['a', 'b', 'c']) await write(name);
    link.loseAllBut(1);
  });

  const write = (name: string) => rows.write([{ key: `told/model/${name}`, text: name }]);
  const stored = (): string[] => [...link.rows.values()].toSorted();

  it('are written again, and the loss is told', async () => {
    await write('d');
    expect([stored(), losses]).toEqual([['a', 'b', 'c', 'd'], [2]]);
  });

  it('are written again, and the loss is told, also where that was not answered', async () => {
    link.unansweredIn = 2;
    await expect(write('d')).rejects.toThrow('a fake');
    await write('e');
    expect([stored(), losses]).toEqual([['a', 'b', 'c', 'd', 'e'], [2]]);
    await write('f');
    expect(losses).toEqual([2]);
  });
});
