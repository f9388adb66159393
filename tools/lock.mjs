/** A lock between set-ups and installations, held by a file with the holder's process id in it. */
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than any installation can take: a lock of this age was left behind. */
const LOCK_MS = 45 * 60_000;
const LOOK_EVERY_MS = 100;

/**
 * One at a time: waits for the process that holds the lock, for as long as it may take, and goes on with a lock of its
 * own. That is a file to be removed in the end. A lock is broken when its process is gone, or when it is older than
 * any can be.
 */
export async function takeLock(lock, withinMs = LOCK_MS) {
  const mine = `${lock}.${process.pid}`;
  await writeFile(mine, String(process.pid));
  try {
    const giveUpAt = Date.now() + withinMs;
    while (!(await linked(mine, lock))) {
      if (Date.now() > giveUpAt) throw new Error(`${lock} is held by another process`);
      if (await isLeftBehind(lock)) await rm(lock, { force: true });
      else await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** A link appears with its content at once, so that no process reads a lock without a process in it. */
async function linked(from, to) {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isLeftBehind(lock) {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    return Date.now() - mtimeMs > LOCK_MS || !isAlive(Number(holder));
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
