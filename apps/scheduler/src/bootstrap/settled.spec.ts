import { describe, expect, it } from '@jest/globals';
import { settled } from './settled.js';

/** Reads these texts, one after the other; the last one stays. */
function readsOf(texts: readonly string[]) {
  const reads: string[] = [];
  const read = (): Promise<string> => {
    const text = texts[Math.min(reads.length, texts.length - 1)]!;
    reads.push(text);
    return Promise.resolve(text);
  };
  return { reads, read };
}

const pause = (): Promise<void> => Promise.resolve();

describe('a file that may be written just now', () => {
  it.each([
    ['is read twice', ['whole'], 2],
    ['is read until it is whole', ['', 'wh', 'whole'], 4],
  ])('%s', async (_, texts, count) => {
    const { reads, read } = readsOf(texts);
    expect([await settled(read, pause), reads.length]).toEqual(['whole', count]);
  });

  it('is given up where it changes all the time', async () => {
    const { reads, read } = readsOf(Array.from({ length: 100 }, (_, nth) => `${nth}`));
    expect([await settled(read, pause), reads.length]).toEqual([null, 30]);
  });

  it('ends with the error of the read', async () => {
    await expect(settled(() => Promise.reject(new Error('gone')), pause)).rejects.toThrow('gone');
  });
});
