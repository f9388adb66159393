import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { PATIENCE_MS } from '../../tools/patience.mjs';
import { describeWithParts } from '../support/parts.js';

const CHAOS = fileURLToPath(new URL('../../dist/test/load/chaos/chaos.js', import.meta.url));

/** Ends by itself; resolves with what it wrote, and with its exit status. */
function chaos(...args: readonly string[]): Promise<{ readonly status: unknown; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CHAOS, ...args], { timeout: PATIENCE_MS }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : (error.code ?? error.signal), text: `${stdout}${stderr}` }),
    );
  });
}

describeWithParts('three Berths among faults', ['redis-server'], () => {
  it('break no promise in three rounds', async () => {
    const { status, text } = await chaos('--rounds', '3', '--seed', '23');
    expect(text).toContain('all promises kept');
    expect(text).toContain('3 rounds');
    expect(status).toBe(0);
  });
});

describe('npm run chaos', () => {
  it.each([
    [['--rounds', '0'], '--rounds'],
    [['--seed', 'x'], '--seed'],
    [['--profile', 'slow'], '--profile'],
  ])('refuses %j and names the option', async (args, option) => {
    const { status, text } = await chaos(...args);
    expect([status, text]).toEqual([2, expect.stringContaining(option)]);
  });
});
