import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const READY_MS = 20_000;
const STOP_MS = 5_000;
const LOG_CHARS = 16_000;

const DIST = new URL('../../', import.meta.url);

/** A script under a `dist/`, by its path from there. */
const built = (script: string, dist: URL): string => fileURLToPath(new URL(script, dist));

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** For node itself. */
  readonly flags?: readonly string[];
  /** The `dist/` of another checkout, whose script is started in the place of ours. */
  readonly dist?: URL;
}

/** A process of ours. */
export interface Child {
  readonly pid: number;
  /** The first line that it wrote. */
  readonly line: string;
  end(): Promise<void>;
  /** Has it end as by a failure that is wanted. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

const running = new Set<ChildProcess>();

/** Starts a script of ours as a process of its own; resolves once it has written a line. */
export async function startChild(script: string, options: ChildOptions = {}): Promise<Child> {
  const { args = [], env = {}, flags = [], dist = DIST } = options;
  const child = spawn(process.execPath, [...flags, built(script, dist), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-LOG_CHARS)));
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended: ${log}`)));
  // Whoever uses it finds only that it is gone.
  child.once('exit', () => running.has(child) && console.error(`${script} ended by itself: ${log}`));
  const late = sleep(READY_MS, undefined, { ref: false }).then(() =>
    Promise.reject(new Error(`${script} said nothing within ${READY_MS} ms: ${log}`)),
  );
  const line = once(createInterface(child.stdout), 'line').then(([text]) => String(text));
  ended.catch(() => undefined);
  late.catch(() => undefined);
  const first = await Promise.race([line, ended, late]);
  return { pid: child.pid!, line: first, end: () => end(child), kill: (signal) => kill(child, signal) };
}

/** Runs a program to its end and returns what it wrote. */
export async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${text.slice(-LOG_CHARS)}`);
  return text;
}

/** Nothing of ours outlives us. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

function kill(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): void {
  running.delete(child);
  child.kill(signal);
}

async function end(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(killer);
}
