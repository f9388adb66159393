/** Child processes of the tools: bounded in time, ended as a group, and told of the signals that we get. */
import { spawn } from 'node:child_process';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What a child has to end by itself before it is killed. */
const GRACE_MS = 5_000;

/**
 * Runs a command to its end. `capture` keeps its output instead of showing it. A child that outlasts
 * `timeoutMs` is ended with everything it started.
 */
export function run(command, args, { timeoutMs, capture = false, env = process.env, cwd } = {}) {
  const stdio = capture ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const child = spawn(command, args, { cwd, env, stdio, detached: true });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => chunks.push(chunk));
  const ending = endWhenAsked(child, timeoutMs);
  return new Promise((resolve) => {
    const finish = (code, detail = '') => {
      ending.stop();
      const output = Buffer.concat(chunks).toString() + detail;
      resolve({ code, output, timedOut: ending.timedOut() });
    };
    child.once('error', (error) => finish(127, `${command}: ${error.message}\n`));
    child.once('close', (code) => finish(code ?? 1));
  });
}

/** Sends a signal to a child and all that it started; no harm if they are gone. */
export function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function endWhenAsked(child, timeoutMs) {
  let timedOut = false;
  let killer;
  const end = (signal) => {
    if (child.pid === undefined) return;
    signalGroup(child.pid, signal);
    killer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  const onSignal = (signal) => {
    process.exitCode = 1;
    end(signal);
  };
  for (const signal of FORWARDED) process.on(signal, onSignal);
  const timer =
    timeoutMs &&
    setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
    }, timeoutMs);
  const stop = () => {
    for (const signal of FORWARDED) process.off(signal, onSignal);
    clearTimeout(timer);
    clearTimeout(killer);
  };
  return { stop, timedOut: () => timedOut };
}

/** `1.2 s`, for people. */
export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}
