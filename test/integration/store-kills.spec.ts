import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { killWriters } from '../support/killed-writer.js';

const KILLS = 200;

describe('a store whose process is killed during writes', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it(
    `has every acknowledged write each time (${KILLS} times)`,
    () => killWriters(folder, KILLS, 60),
    KILLS * 10_000,
  );
});
