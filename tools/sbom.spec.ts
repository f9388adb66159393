import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { PATIENCE_MS } from './patience.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** `npm sbom --omit dev` leaves out what a dependency needs for its own development, too: so nothing is omitted. */
const isForDevelopment = ({ properties = [] }: Component): boolean =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

it('npm run sbom lists what is installed, with checksums, and says what is for development only', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', 'sbom', '--silent'], {
    cwd: ROOT,
    timeout: PATIENCE_MS,
    maxBuffer: 2 ** 26,
  });
  const { bomFormat, components } = JSON.parse(stdout) as { bomFormat: string; components: Component[] };
  const { dependencies } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const inProduction = components.filter((component) => !isForDevelopment(component));
  const listed = inProduction.map(({ name, version }) => `${name}@${version}`);
  const direct = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  expect(bomFormat).toBe('CycloneDX');
  expect(direct.filter((one) => !listed.includes(one))).toEqual([]);
  expect(components.find(({ name }) => name === 'jest')).toMatchObject({ version: expect.any(String) });
  expect(inProduction.some(({ name }) => name === 'jest')).toBe(false);
  const unsummed = components.filter(({ hashes }) => !hashes?.some(({ alg }) => alg === 'SHA-512'));
  expect(unsummed.map(({ name }) => name)).toEqual([]);
});
