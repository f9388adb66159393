import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Unfinished } from './unfinished.js';

const MIB = 2 ** 20;

let unfinished: Unfinished;
let now: number;

beforeEach(() => {
  [unfinished, now] = [new Unfinished(() => now), 0];
});

/** A call of which messages come. */
class Call {
  readonly stream = new PassThrough({ highWaterMark: 8 * MIB });
  readonly isWhole: () => void;
  refused: string | undefined;

  constructor(connection: string, credential = 'gateway') {
    this.isWhole = unfinished.messages(this.stream, { connection, credential }, (error) => {
      this.refused = error.message;
    });
  }

  /** Sends so many bytes. */
  async come(bytes: number): Promise<this> {
    this.stream.write(Buffer.alloc(bytes));
    await new Promise(setImmediate);
    return this;
  }
}

const NO_ROOM = 'too much is held of unfinished messages';

describe('messages that have not come whole', () => {
  it('are 4 MiB of a connection, and give back what ends in any way', async () => {
    const [first, second] = [await new Call('a').come(3 * MIB), await new Call('a').come(MIB)];
    const third = await new Call('a').come(4 * 2 ** 10);
    expect([first.refused, second.refused, third.refused]).toEqual([undefined, undefined, NO_ROOM]);
    second.stream.destroy();
    first.stream.end();
    await new Promise(setImmediate);
    expect((await new Call('a').come(4 * MIB)).refused).toBeUndefined();
  });

  it('are bounded for a credential, and for all that have not signed in', async () => {
    const came = (many: number, bytes: number, credential?: string) =>
      Promise.all(
        Array.from({ length: many }, (_, nth) => new Call(`${credential} ${nth}`, credential).come(bytes)),
      );
    const refused = (calls: readonly Call[]): number =>
      calls.filter((call) => call.refused === NO_ROOM).length;
    expect(refused(await came(5, 4 * MIB))).toBe(1);
    expect(refused(await came(261, 64 * 2 ** 10, ''))).toBe(1);
    expect(refused(await came(4, 4 * MIB, 'other'))).toBe(0);
    expect(refused(await came(300, 2 ** 10, ''))).toBe(0);
  });

  it('have 64 KiB before the caller has signed in', async () => {
    const call = await new Call('a', '').come(64 * 2 ** 10 + 5);
    expect(call.refused).toBeUndefined();
    expect((await call.come(1)).refused).toBe('a message may have at most 64 KiB');
  });

  it('have 10 s, also where nothing comes, and the next ones of a call have theirs', async () => {
    const [silent, ended, many] = [new Call('a'), new Call('a'), await new Call('a').come(10)];
    ended.stream.resume().end();
    many.isWhole();
    await new Promise(setImmediate);
    now = 10_000;
    unfinished.look();
    expect([silent.refused, ended.refused, many.refused]).toEqual([
      expect.stringContaining('must arrive in time'),
      undefined,
      undefined,
    ]);
    await many.come(1);
    now = 19_999;
    unfinished.look();
    expect(many.refused).toBeUndefined();
    now += 1;
    unfinished.look();
    expect(many.refused).toContain('must arrive in time');
  });
});
