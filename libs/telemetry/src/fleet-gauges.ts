import { Now } from '#core';
import type { Gauge } from 'prom-client';
import {
  copiesPerModel,
  failsInPart,
  type Fleet,
  hostMemories,
  type Instant,
  loadsInFlight,
  foreignOn,
  memoryOf,
  PRESSURE_LEVELS,
  serverFlags,
  unsatisfiedPins,
} from '#core';
import type { DeclaredTimes } from './declared-times.js';
import type { Instruments } from './instruments.js';
import { Names } from './names.js';

const PHASES = ['placed', 'loading', 'ready', 'draining', 'unloading', 'unknown'] as const;

/** What the gauges look at when they are scraped. */
export interface Watched {
  readonly fleet: Readonly<Fleet>;
  readonly now: Instant;
  readonly declared: DeclaredTimes;
  /** Gives other work its turn. */
  readonly pause: () => Promise<void>;
}

/** Models that are read before other work has its turn. */
const SLICE = 250;

type Read = (gauge: Gauge, watched: Watched) => void | Promise<void>;

type AddGauge = (name: string, help: string, labelNames: readonly string[], read: Read) => void;

/** Gauges that are read off the fleet at each scrape; nothing is kept between scrapes. Null: there is no fleet to tell of. */
export function addFleetGauges(make: Instruments, watch: () => Watched | null): void {
  const gauge: AddGauge = (name, help, labelNames, read) =>
    make.collected(name, help, labelNames, (to) => {
      const watched = watch();
      return watched === null ? undefined : read(to, watched);
    });
  addNumbers((name, help, read) => gauge(name, help, [], (to, watched) => to.set(read(watched))));
  gauge('replicas', 'Replicas, by phase.', ['phase'], replicas);
  addMemory(gauge);
  gauge('server_flags', 'What is odd about a server.', ['server', 'flag'], flags);
  gauge(
    'failing_inferences',
    'Inferences within 30 s of copies of which many failed: those that did, and all.',
    ['server', 'model', 'kind'],
    failingInferences,
  );
  gauge(
    'model_memory_bytes',
    'What the models may and were measured to take, per device.',
    ['model', 'kind'],
    modelMemory,
  );
  gauge(
    'model_copies',
    'Copies of the models: those that pins, callers and demand ask for, and those that are ready.',
    ['model', 'kind'],
    modelCopies,
  );
  gauge(
    'observation_age_seconds',
    'How old the last look at a server is; where there was none, for how long it is declared.',
    ['server'],
    observationAge,
  );
}

/** The memory of devices and hosts, and the devices onto which nothing is loaded. */
function addMemory(gauge: AddGauge): void {
  gauge('device_memory_bytes', 'Memory of the devices.', ['server', 'device', 'kind'], deviceMemory);
  gauge(
    'devices_closed',
    'Devices onto which nothing is loaded at present, and why.',
    ['server', 'device', 'because'],
    devicesClosed,
  );
  gauge(
    'host_memory_bytes',
    'Memory of the hosts, where it is enforced: as declared and booked, not measured.',
    ['host', 'kind'],
    hostMemory,
  );
}

/** What is one number for the whole fleet. */
function addNumbers(number: (name: string, help: string, read: (watched: Watched) => number) => void): void {
  number('queue_length', 'Requests that wait for a cold model.', ({ fleet }) => fleet.waiting.size);
  number('loads_in_flight', 'Loads ordered and not ended.', ({ fleet }) => loadsInFlight(fleet));
  number(
    'pins_unsatisfied',
    'Pinned models with fewer copies ready than pinned.',
    ({ fleet }) => unsatisfiedPins(fleet).length,
  );
  number('frozen', 'Whether the fleet is frozen: no load or unload is ordered.', ({ fleet }) =>
    fleet.frozen ? 1 : 0,
  );
  number('pressure_level', 'How hard its work presses this process: 0 not at all, 3 the most.', ({ fleet }) =>
    PRESSURE_LEVELS.indexOf(fleet.pressure.level),
  );
}

function replicas(gauge: Gauge, { fleet }: Watched): void {
  for (const phase of PHASES) gauge.set({ phase }, 0);
  for (const { phase } of fleet.replicas.values()) gauge.inc({ phase });
}

function deviceMemory(gauge: Gauge, { fleet }: Watched): void {
  const memory = memoryOf(fleet);
  for (const server of fleet.servers.values()) {
    const { spec, devices, meters } = server;
    for (const { ordinal, account, used, capacity } of devices ?? []) {
      const { held, promised, ...left } = memory(account);
      const foreign = foreignOn(server, ordinal);
      const labels = { server: spec.id, device: ordinal };
      gauge.set({ ...labels, kind: 'capacity' }, Number.isFinite(left.capacity) ? left.capacity : capacity);
      gauge.set({ ...labels, kind: 'held' }, held);
      gauge.set({ ...labels, kind: 'promised' }, promised);
      gauge.set({ ...labels, kind: 'residue' }, meters.get(ordinal)?.residue ?? 0);
      if (foreign !== null) gauge.set({ ...labels, kind: 'foreign' }, foreign);
      if (used !== null) gauge.set({ ...labels, kind: 'measured' }, used);
    }
  }
}

function devicesClosed(gauge: Gauge, { fleet }: Watched): void {
  for (const { spec, devices, meters } of fleet.servers.values()) {
    for (const { ordinal: device } of devices ?? []) {
      const because = meters.get(device)?.closed?.because;
      if (because) gauge.set({ server: spec.id, device, because }, 1);
    }
  }
}

/** Names are bounded as for the models. */
function hostMemory(gauge: Gauge, { fleet }: Watched): void {
  const names = new Names();
  for (const memory of hostMemories(fleet, memoryOf(fleet))) {
    const host = names.told(memory.host);
    for (const kind of ['capacity', 'held', 'promised'] as const) gauge.inc({ host, kind }, memory[kind]);
  }
}

function flags(gauge: Gauge, { fleet, now }: Watched): void {
  for (const [id, server] of fleet.servers) {
    for (const flag of serverFlags(fleet, server, new Now(now))) gauge.set({ server: id, flag }, 1);
  }
}

/** Names are bounded as for the memory. */
function failingInferences(gauge: Gauge, { fleet, now }: Watched): void {
  const names = new Names();
  for (const replica of fleet.replicas.values()) {
    const fails = failsInPart(fleet, replica, new Now(now));
    if (!fails) continue;
    const labels = { server: replica.server, model: names.told(replica.model) };
    gauge.inc({ ...labels, kind: 'failed' }, fails.failed);
    gauge.inc({ ...labels, kind: 'all' }, fails.of);
  }
}

/** Names beyond the bound are summed up. A model that is gone leaves its place to the next. */
async function modelMemory(gauge: Gauge, { fleet, pause }: Watched): Promise<void> {
  const names = new Names();
  let nth = 0;
  for (const { id, gpuBytes } of fleet.models.values()) {
    if ((nth += 1) % SLICE === 0) await pause();
    const model = names.told(id);
    gauge.inc({ model, kind: 'limit' }, gpuBytes);
    const footprint = fleet.footprints.get(id);
    if (footprint) gauge.inc({ model, kind: 'measured' }, footprint.peak);
  }
}

/** Names are bounded as for the memory. */
async function modelCopies(gauge: Gauge, { fleet, now, pause }: Watched): Promise<void> {
  const names = new Names();
  let nth = 0;
  for (const [id, { wanted, ready }] of copiesPerModel(fleet, new Now(now))) {
    if ((nth += 1) % SLICE === 0) await pause();
    const model = names.told(id);
    gauge.inc({ model, kind: 'wanted' }, wanted);
    gauge.inc({ model, kind: 'ready' }, ready);
  }
}

/** A server that was never looked at has an age, too: else one that is down from the start would raise no alert. */
function observationAge(gauge: Gauge, { fleet, now, declared }: Watched): void {
  for (const { spec, lookedAt } of fleet.servers.values()) {
    const since = lookedAt ?? declared.of(spec.id);
    if (since !== undefined) gauge.set({ server: spec.id }, (now - since) / 1_000);
  }
}
