/** Waiting for a process, and sending it signals. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Undefined when the time is up first. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  const timeout = sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    over.abort();
  }
}

/** Asked before a signal, because the id of an ended process may be another's by now. */
export async function isOver(exited: Promise<unknown>): Promise<boolean> {
  return (await within(0, exited)) !== undefined;
}

/** A process that is gone already has what it was sent. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
