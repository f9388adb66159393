import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '#store-sqlite';
import { rowsKeepTheirPromises } from './rows.js';

rowsKeepTheirPromises('the embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-rows-'));
  return { open: () => openRows(folder), end: () => rm(folder, { recursive: true }) };
});
