import { KeptWarmups } from '#kept';
import { MemoryRows } from '#testing';
import { warmupsKeepTheirPromises } from './warmups.js';

warmupsKeepTheirPromises('the memory of a test', () => {
  const texts = new Map<string, string>();
  return Promise.resolve({
    open: () => KeptWarmups.open(new MemoryRows(texts), () => {}, { retryAfter: () => 0 }),
    end: () => Promise.resolve(),
  });
});
