/** Programs that others have written and some suites need: `tools/parts` installs them. */
import { describe, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's own Python: that of the PATH may be another, which lacks Debian's modules. */
export const DEBIAN_PYTHON = '/usr/bin/python3';

const PARTS = {
  prometheus: () => isProgram('prometheus') && isProgram('promtool'),
  alertmanager: () => isProgram('prometheus-alertmanager') && isProgram('amtool'),
  dnsmasq: () => isProgram('dnsmasq'),
  'redis-server': () => isProgram('redis-server'),
  'python3-grpcio': () => runs(DEBIAN_PYTHON, ['-c', 'import grpc']),
} as const satisfies Readonly<Record<string, () => boolean>>;

export type Part = keyof typeof PARTS;

/**
 * A suite that needs parts. Where one is missing the suite is skipped, and says so in a line that cannot be overlooked; where
 * CI=true it fails instead, or it could stop running unnoticed.
 */
export function describeWithParts(name: string, parts: readonly Part[], suite: () => void): void {
  const missing = parts.filter((part) => !PARTS[part]());
  if (missing.length === 0) return describe(name, suite);
  const words = `${missing.join(', ')}: missing, tools/parts installs them`;
  const refuse = (): never => {
    throw new Error(words);
  };
  if (process.env['CI'] === 'true') return describe(name, () => it('has its parts', refuse));
  process.stderr.write(`SKIPPED: ${name}: ${words}\n`);
  // Skipped on purpose: not every machine has these programs. The line above says so, and CI=true fails.
  describe.skip(name, () => it('needs its parts', refuse)); // on purpose: see above
}

/** The path of a program, also where it is one for administrators; undefined where there is none. */
export function programPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

const isProgram = (program: string): boolean => programPath(program) !== undefined;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function runs(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}
