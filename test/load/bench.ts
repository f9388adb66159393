/**
 * `npm run bench`: what Berth costs, beside what the same work costs without it. One line of JSON for each figure;
 * names of groups choose among them. It proves nothing by its exit status: a busy machine is no defect.
 */
import { parseArgs } from 'node:util';
import { abuse } from './abuse.js';
import { accessCheck } from './access-check.js';
import { accessWarm } from './access-warm.js';
import { alerts } from './alerts.js';
import { killAll } from './children.js';
import { cold } from './cold.js';
import { coreGrowth, coreLine, coreTurn } from './core-turn.js';
import { criticalBesideFlood } from './critical.js';
import { dead } from './dead.js';
import { envoyFigures } from './envoy/envoy.js';
import { eventFigures } from './events.js';
import { type Figure, hint, tell } from './figure.js';
import { fairness } from './fairness.js';
import { fleetHooks } from './fleet-hooks.js';
import { fifo } from './fifo.js';
import { idleMemory } from './idle-memory.js';
import { neverSeen } from './never-seen.js';
import { overload } from './overload.js';
import { parked } from './parked.js';
import { promises } from './promises.js';
import { realPromises } from './promises/real.js';
import { replicas } from './replicas/replicas.js';
import { rollingUpdate } from './replicas/rolling-update.js';
import { removeScratch } from './scratch.js';
import { scaling } from './scaling/scaling.js';
import { silent } from './silent.js';
import { swaps } from './swaps.js';
import { realSwaps } from './swaps/real.js';
import { tenants } from './tenants.js';
import { warm } from './warm.js';

const WHOLE_MS = 3_000_000;
const MAX_MINUTES = 30;

const GROUPS: Readonly<Record<string, () => Promise<Figure | Figure[]>>> = {
  core: coreTurn,
  growth: coreGrowth,
  line: coreLine,
  access: async () => [await accessCheck(), ...(await accessWarm())],
  warm,
  cold,
  memory: idleMemory,
  overload,
  fifo,
  fairness,
  tenants,
  critical: () => Promise.resolve(criticalBesideFlood()),
  promises: () => (values.real ? realPromises() : promises(values.only)),
  swaps: () => (values.real ? realSwaps : swaps)(values.only, values.before),
  parked,
  replicas: () => replicas(values.only),
  abuse,
  dead,
  scaling: () => Promise.resolve(scaling(values.traces)),
  events: eventFigures,
  envoy: envoyFigures,
  webhooks: async () => [...(await fleetHooks()), await alerts()],
};

const { values, positionals: chosen } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    /** Of `promises`, `swaps` and `replicas`: the scenarios whose names begin so. */
    only: { type: 'string', default: '' },
    /** Of `scaling`: the folder of the traces, where they are not beside the repository. */
    traces: { type: 'string', default: '' },
    /** Of `promises`: the first scenario; of `swaps`: calm and churn; with processes. */
    real: { type: 'boolean', default: false },
    /** Of `swaps` and `rolling`: another checkout of the project, which is built: its core is compared with ours, its Berths are replaced. */
    before: { type: 'string' },
  },
  allowPositionals: true,
});

/** They last as long as they are told to, and are measured only where they are named. */
const ON_DEMAND: typeof GROUPS = {
  silent: () => silent(minutesOf(values.minutes)),
  unseen: neverSeen,
  rolling: () => rollingUpdate(values.before),
};

process.once('exit', () => {
  killAll();
  removeScratch();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
setTimeout(() => {
  hint(`not done within ${WHOLE_MS / 1_000} s`);
  process.exit(1);
}, WHOLE_MS).unref();

for (const [name, measure] of Object.entries(GROUPS)) {
  if (chosen.length === 0 || chosen.includes(name)) await run(name, measure);
}
for (const [name, measure] of Object.entries(ON_DEMAND)) if (chosen.includes(name)) await run(name, measure);
process.exit();

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) throw new Error(`--minutes is over 0, up to ${MAX_MINUTES}`);
  return minutes;
}

async function run(name: string, measure: () => Promise<Figure | Figure[]>): Promise<void> {
  const began = performance.now();
  hint(`${name}: measuring`);
  try {
    for (const figure of [await measure()].flat()) {
      tell(figure);
      if (!figure.met) hint(`${figure.name}: the goal is missed on this machine`);
    }
  } catch (error) {
    hint(`${name}: could not be measured: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = 1;
  }
  hint(`${name}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}
