import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Room for the files of one process, which ends and can be made larger. */
export interface SmallDisk {
  /** What stands in for the disk, for the log of the test. */
  readonly by: 'tmpfs' | 'prlimit';
  /** Not a byte is free then: a smaller write than one that failed would find room. */
  fill(pid: number): void;
  enlarge(pid: number): void;
  remove(): void;
}

/**
 * A file system of 1 MiB on a folder. Where nothing can be mounted, as in most containers, the limit on the file size of the
 * process stands in for it: its writes fail all the same, as too large in place of without room.
 */
export function smallDisk(folder: string): SmallDisk {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    return mounted(folder);
  } catch {
    return limited(folder);
  }
}

const mounted = (folder: string): SmallDisk => ({
  by: 'tmpfs',
  fill: () => takeWhatIsLeft(join(folder, 'filler')),
  enlarge: () => void execFileSync('mount', ['-o', 'remount,size=16m', folder]),
  remove: () => {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  },
});

const limited = (folder: string): SmallDisk => ({
  by: 'prlimit',
  fill: (pid) => limitFiles(pid, '0'),
  enlarge: (pid) => limitFiles(pid, 'unlimited'),
  remove: () => rmSync(folder, { recursive: true, force: true }),
});

/** The soft limit alone, which may be raised again. */
function limitFiles(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

function takeWhatIsLeft(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4_096));
  } catch {
    closeSync(file);
  }
}
