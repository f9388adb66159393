import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a command to its end or to `timeoutMs`: whether it ended well, its `stdout`, and all that it said. A command that does
 * not exist is one that failed.
 */
export async function run(command, args, { timeoutMs, ...options }) {
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' };
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { ...options, ...limits });
    return { ok: true, stdout, said: stdout + stderr };
  } catch ({ stdout, stderr, code, message }) {
    const said = code === 'ENOENT' ? message : stdout + stderr;
    return { ok: false, stdout, said: said.trim() === '' ? 'it ran out of time' : said };
  }
}
