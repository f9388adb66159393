/** A lock between set-ups and installations, held by a file with the holder's process id in it. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than any installation can take: a lock of this age was left behind. */
const LOCK_MS = 45 * 60_000;
const LOOK_EVERY_MS = 100;

/**
 * Does the work once no other process holds the lock, and gives what comes of it. A lock is broken when its process is
 * gone, or when it is older than any can be.
 */
export async function alone(lock, work) {
  await mkdir(dirname(lock), { recursive: true });
  while (!(await taken(lock))) {
    if (await isLeftBehind(lock)) await rm(lock, { force: true });
    else await sleep(LOOK_EVERY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock) {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A lock that says nothing yet was taken just now. */
async function isLeftBehind(lock) {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    return Date.now() - mtimeMs > LOCK_MS || (holder !== '' && !isAlive(Number(holder)));
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
