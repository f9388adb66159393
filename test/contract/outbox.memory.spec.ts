import { MemoryRows } from '#triton-simulator';
import { outboxKeepsItsPromises } from './outbox.js';

outboxKeepsItsPromises('the memory of a test', () => {
  const texts = new Map<string, string>();
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryRows(texts)),
    end: () => Promise.resolve(),
  });
});
