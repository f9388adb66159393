/** All specs of the core as one, so that for each mutant its sources are read once and not once a spec. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const CORE = join(import.meta.dirname, '../../libs/core/src');

const specs = readdirSync(CORE, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.spec.ts'),
);
for (const path of specs.toSorted()) await import(join(CORE, path));
await import('../../test/simulation/oracle/oracle.spec.js');
await import('../../test/simulation/oracle/pins.spec.js');
