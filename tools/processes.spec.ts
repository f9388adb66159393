import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

/** The tools are plain JavaScript, so they are asked from a process of their own. */

const PROCESSES = new URL('processes.mjs', import.meta.url).href;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('run', () => {
  it('gives status and output of a command', async () => {
    const script = 'console.log(1); console.error(2); process.exitCode = 3';
    const ended = await run(script, { capture: true });
    expect(ended).toEqual({ code: 3, output: '1\n2\n', timedOut: false });
  });

  it('tells what cannot be started', async () => {
    const ended = await ask(`run('no-such-command', [], { capture: true })`);
    expect(ended).toMatchObject({ code: 127, output: expect.stringContaining('no-such-command') as unknown });
  });

  it('ends what outlasts its time, with all that it started', async () => {
    const grandchild =
      "process.on('exit', () => console.log('gone')); process.on('SIGTERM', () => process.exit())";
    const script = [
      `const script = ${JSON.stringify(`${grandchild}; console.log('here'); setInterval(() => {}, 1000)`)};`,
      `require('node:child_process').spawn(process.execPath, ['-e', script], { stdio: 'inherit' });`,
      'setInterval(() => {}, 1000);',
    ].join('\n');
    // A busy machine may need longer until both are there.
    const endedAfter = async (timeoutMs: number): Promise<Ended> => {
      const ended = await run(script, { capture: true, timeoutMs });
      return ended.output.startsWith('here') ? ended : endedAfter(2 * timeoutMs);
    };
    expect(await endedAfter(1_000)).toEqual({ code: 1, output: 'here\ngone\n', timedOut: true });
  });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly timedOut: boolean;
}

function run(script: string, options: object): Promise<Ended> {
  return ask(`run(process.execPath, ['-e', ${JSON.stringify(script)}], ${JSON.stringify(options)})`);
}

async function ask(call: string): Promise<Ended> {
  const source = `import { run } from '${PROCESSES}';\nconsole.log(JSON.stringify(await ${call}));`;
  const args = ['--input-type=module', '-e', source];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return JSON.parse(stdout) as Ended;
}
