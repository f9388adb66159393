/** A process of the hostile clients, or of the churn: what they cost is not the watcher's. KIND HTTP GRPC FILE */
import { writeFileSync } from 'node:fs';
import { churn } from './churn.js';
import { beHostile } from './hostile.js';
import { Tally } from './tally.js';

const [kind = '', http = '', grpc = '', file = ''] = process.argv.slice(2);
const tally = new Tally();
process.once('SIGTERM', () => {
  writeFileSync(file, JSON.stringify(tally.all));
  process.exit();
});
process.stdin.resume().once('end', () => process.exit());
process.stdout.write(`${kind} begins\n`);

await (kind === 'churn' ? churn(`http://${http}`, tally) : beHostile({ http, grpc }, tally));
