import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashOf, newKey } from '#access';
import { installedSchemathesis } from '../../tools/schemathesis/install.mjs';
import { startWorld, type World } from '../support/running-scheduler.js';

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  // Calls without the key, and with another one, have to be refused.
  'ignored_auth',
];
const CONFIG = fileURLToPath(new URL('../../tools/schemathesis/schemathesis.toml', import.meta.url));
/** The same cases each time, so many of them at random for each operation, beside those that cover the rules of the schema. */
const OPTIONS = [
  `--checks=${CHECKS.join(',')}`,
  '--phases=coverage,fuzzing',
  '--max-examples=5',
  '--seed=1',
  '--suppress-health-check=all',
  '--generation-database=none',
  '--warnings=off',
];

/** Thousands of calls may take longer than a test waits for one fact. */
const WITHIN_MS = 20 * 60_000;

const found = installedSchemathesis();
const isTested = found.ok || process.env['CI'] === 'true';
const name = 'what is published, called by Schemathesis with the key of an admin';
if (!isTested) process.stderr.write(`SKIPPED: ${name}: it is missing: ${found.missing}\n`);

(isTested ? describe : describe.skip)(name, () => {
  const key = newKey('admin');
  let world: World;

  beforeAll(async () => {
    const yaml = `auth: { keys: [{ id: admin, hash: 'sha256:${hashOf(key)}', role: admin }] }`;
    world = await startWorld({ yaml, headers: { authorization: `Bearer ${key}` } });
  });

  afterAll(() => world?.close());

  const answered = async (): Promise<void> => {
    if (!found.ok) throw new Error(`Schemathesis is missing: ${found.missing}`);
    // A stream of events is not called: see the file of the configuration.
    const { '/v1/routes/watch': _, ...published } = world.published;
    const operations = Object.values(published).flatMap((path) => Object.keys(path)).length;
    const args = [
      ...[
        '-m',
        'schemathesis.cli',
        '--config-file',
        CONFIG,
        '--no-color',
        'run',
        `${world.scheduler.http}/openapi.json`,
      ],
      ...['--header', `Authorization: Bearer ${key}`, ...OPTIONS],
    ];
    const options = { cwd: world.folder, timeout: WITHIN_MS };
    const said = await promisify(execFile)(found.python, args, options).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => stdout + stderr,
    );
    expect(said).toContain('No issues found');
    expect(said).toContain(`Tested: ${operations}\n`);
  };

  it('is answered as it is published, and to nobody without the key', answered, WITHIN_MS);
});
