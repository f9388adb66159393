/** All specs of the core as one, so that for each mutant its sources are read once and not once a spec. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const CORE = join(import.meta.dirname, '../../libs/core/src');

const specs = readdirSync(CORE, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.spec.ts'),
);
/** Examples are quick, and the first that fails is enough: properties come after all of them. */
const isProperty = (path: string): number => Number(path.includes('.property.'));
const inTurn = specs.toSorted().toSorted((one, other) => isProperty(one) - isProperty(other));
for (const path of inTurn) await import(join(CORE, path));
await import('../../test/simulation/oracle/oracle.spec.js');
await import('../../test/simulation/oracle/pins.spec.js');
