import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '#store-sqlite';
import { outboxKeepsItsPromises } from './outbox.js';

outboxKeepsItsPromises('the embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-outbox-'));
  return { open: () => openRows(folder), end: () => rm(folder, { recursive: true }) };
});
