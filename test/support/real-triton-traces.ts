/** What a Triton leaves on this host: its models' processes, their shared memory, its folder. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Every folder and every piece of shared memory of a test's Triton begins with this and the test's process id. */
export const NAME = 'berth-triton';
const SHARED_MEMORY = '/dev/shm';

/** A process of the Python backend. The one that completes a configuration has the model's name as its instance. */
export interface Stub {
  readonly pid: number;
  readonly model: string;
  readonly instance: string;
  readonly sharedMemory: string;
}

/** All of them, whichever process started them. */
export function stubsOnThisHost(): Stub[] {
  const pids = [...readdirSync('/proc')].filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    const [program = '', modelFile = '', sharedMemory = '', , , , , , instance = ''] = commandLineOf(pid);
    if (basename(program) !== 'triton_python_backend_stub') return [];
    return [{ pid: Number(pid), model: modelFile.split('/').at(-3) ?? '', instance, sharedMemory }];
  });
}

/** Empty for a process that has ended since it was listed. */
function commandLineOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** A test run that was killed took its servers with it, but left their files. */
export function sweepAfterTheDead(): void {
  const isOfTheDead = (name: string) => {
    const pid = new RegExp(`^${NAME}-(\\d+)-`).exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  removeSharedMemory(isOfTheDead);
  const left = readdirSync(tmpdir()).filter(isOfTheDead);
  for (const name of left) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

/** Removes the pieces of shared memory with such names. */
export function removeSharedMemory(isOurs: (name: string) => boolean): void {
  const left = existsSync(SHARED_MEMORY) ? readdirSync(SHARED_MEMORY).filter(isOurs) : [];
  for (const name of left) rmSync(join(SHARED_MEMORY, name), { force: true });
}
