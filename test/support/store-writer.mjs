// Writes one revision after the other to a model and a server together, in FOLDER, beginning with FROM, and says each that
// is acknowledged.
import { openRows } from '../../dist/libs/store-sqlite/src/index.js';
import { openStore } from '../../dist/libs/store/src/index.js';

const [folder, from] = process.argv.slice(2);
const { declarations } = await openStore(await openRows(folder), { fleet: 'berth' });
for (let revision = Number(from); ; revision += 1) {
  const spec = { filler: 'x'.repeat(revision % 4000) };
  await declarations.write([
    { kind: 'model', name: 'm', value: { revision, spec } },
    { kind: 'model', name: `m${revision}`, value: { revision, spec } },
    { kind: 'server', id: 's', value: { revision, spec: null, drain: null } },
  ]);
  console.log(revision);
}
