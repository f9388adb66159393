import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRows } from '#store-sqlite';
import { RowWarmups } from '#store';
import { warmupsKeepTheirPromises } from './warmups.js';

warmupsKeepTheirPromises('the embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-warmups-'));
  const rows = await openRows(folder);
  return {
    open: () => RowWarmups.open(rows, () => {}, { retryAfter: () => 0 }),
    end: async () => {
      await rows.close();
      await rm(folder, { recursive: true });
    },
  };
});
