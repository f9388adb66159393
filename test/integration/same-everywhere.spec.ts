import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { installedNodeVersions, type NodeVersion } from '../../tools/node-versions/install.mjs';
import { makePlan } from '../simulation/make-plan.js';
import { play } from '../simulation/play.js';
import { PATIENCE_MS } from '../support/until.js';

/** A run of the simulation is decided by its plan alone: neither the process nor the version of Node has a say. */

const DIGESTS = fileURLToPath(new URL('../../dist/test/simulation/sim-digests.js', import.meta.url));
const SEEDS = [1, 2, 3, 4];
const HOURS = 0.05;

const digestsBy = async (node: string): Promise<string[]> => {
  const args = [DIGESTS, ...[SEEDS[0], SEEDS.at(-1), HOURS].map(String)];
  const { stdout } = await promisify(execFile)(node, args, { timeout: PATIENCE_MS });
  return stdout.trim().split('\n');
};

async function digestsHere(): Promise<string[]> {
  const lines: string[] = [];
  for (const seed of SEEDS) {
    const { turns, digest } = await play(makePlan(seed, { hours: HOURS }));
    lines.push(`${seed} ${turns} ${digest}`);
  }
  return lines;
}

let here: readonly string[];

beforeAll(async () => {
  here = await digestsHere();
});

describe('every event and action of a simulated run', () => {
  it('is the same in this process and in others', async () => {
    expect(new Set(here).size).toBe(SEEDS.length);
    expect(await digestsHere()).toEqual(here);
    expect(await digestsBy(process.execPath)).toEqual(here);
  });

  for (const version of installedNodeVersions()) onVersion(version);
});

/** Without that version a line says loudly what is not tested; where CI=true that is a failure. */
function onVersion(node: NodeVersion): void {
  const name = `is the same on Node ${node.version}`;
  const isTested = node.ok || process.env['CI'] === 'true';
  if (!isTested) process.stderr.write(`SKIPPED: ${name}: it is missing: ${node.missing}\n`);
  const compare = async (): Promise<void> => {
    if (!node.ok) throw new Error(`Node ${node.version} is missing: ${node.missing}`);
    expect(await digestsBy(node.path)).toEqual(here);
  };
  (isTested ? it : it.skip)(name, compare);
}
