// Opens the store in FOLDER, says how that went, and keeps it until its input ends.
import { openRows } from '../../dist/libs/store-sqlite/src/index.js';
import { openStore } from '../../dist/libs/store/src/index.js';

const [folder] = process.argv.slice(2);
try {
  const store = await openStore(await openRows(folder), { fleet: 'berth' });
  console.log('open');
  process.stdin.on('end', () => void store.close()).resume();
} catch (error) {
  console.log(`${error.reason} ${error.message}`);
  process.exit(1);
}
