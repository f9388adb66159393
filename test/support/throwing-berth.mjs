// Berth as `main.js` starts it, but that a turn throws once it is told so by SIGUSR2: its store then no longer says
// whether orders may be sent. No code of the product can be made to throw from outside.
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { endWhenBroken } from '../../dist/apps/scheduler/src/bootstrap/crash.js';
import { createScheduler } from '../../dist/apps/scheduler/src/bootstrap/scheduler.js';
import { readConfig } from '../../dist/libs/config/src/index.js';
import { openRows } from '../../dist/libs/store-sqlite/src/index.js';
import { openStore } from '../../dist/libs/store/src/index.js';

const log = pino({ name: 'berth' }, pino.destination(2));
const path = process.env.BERTH_CONFIG;
const { config } = readConfig({
  file: { path, text: readFileSync(path, 'utf8') },
  env: process.env,
  flags: { triton: [] },
});
let isBroken = false;
process.on('SIGUSR2', () => (isBroken = true));

await endWhenBroken(log)(createScheduler(config, { log, openStore: open }));

async function open() {
  const store = await openStore(await openRows(config.data), { fleet: config.fleet });
  const mayAct = () => {
    if (isBroken) throw new Error('a bug that nobody knows of');
    return store.leadership.mayAct();
  };
  return { ...store, leadership: { ...store.leadership, mayAct } };
}
