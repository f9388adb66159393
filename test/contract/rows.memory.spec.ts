import { MemoryRows } from '#triton-simulator';
import { rowsKeepTheirPromises } from './rows.js';

rowsKeepTheirPromises('the memory of a test', () => {
  const texts = new Map<string, string>();
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryRows(texts)),
    end: () => Promise.resolve(),
  });
});
