import { RowWarmups } from '#store';
import { MemoryRows } from '#triton-simulator';
import { warmupsKeepTheirPromises } from './warmups.js';

warmupsKeepTheirPromises('the memory of a test', () => {
  const texts = new Map<string, string>();
  return Promise.resolve({
    open: () => RowWarmups.open(new MemoryRows(texts), () => {}, { retryAfter: () => 0 }),
    end: () => Promise.resolve(),
  });
});
