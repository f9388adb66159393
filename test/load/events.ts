import { setFlagsFromString } from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { EVENT_TYPES, type EndpointConfig } from '#config';
import { openRows } from '#store-sqlite';
import { openStore } from '#store';
import { EventsOfTurns } from '../../apps/scheduler/src/integrations/events/events-of-turns.js';
import type { WebhookResponse } from '../../apps/scheduler/src/integrations/events/webhook-client.js';
import { EventDispatcher } from '../../apps/scheduler/src/integrations/events/event-dispatcher.js';
import { MonotonicClock } from '../../apps/scheduler/src/cluster/leadership/monotonic-clock.js';
import { CorePlay, FIRST_ARRIVAL_MS, type Turn } from './core-play.js';
import { SMALL } from './core-site.js';
import { type Figure, median, rounded } from './figure.js';
import { scratchPath } from './scratch.js';

const WAITING = 10_000;
const GOAL_MB = 20;
const GOAL_RATIO = 1.05;
const WARM_UP_MS = 5_000;
const ROUNDS = 12;
const ROUND_MS = 5_000;
const MIB = 2 ** 20;
const ENDPOINT: EndpointConfig = {
  ...{ name: 'dead', url: 'https://dead.example/', events: EVENT_TYPES, allowPrivate: false },
  secrets: [new Uint8Array(32)],
};

/** What it costs to keep as many events as may wait for an endpoint that does not answer, and to make events of turns beside. */
export async function eventFigures(): Promise<Figure[]> {
  const store = await openStore(await openRows(scratchPath()), { fleet: 'berth' });
  let posted: WebhookResponse = { status: 204, retryAfter: null };
  const dispatcher = new EventDispatcher({
    ...{ outbox: store.outbox, clock: new MonotonicClock(), wallNow: Date.now, random: Math.random },
    client: { post: () => Promise.resolve(posted) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    metrics: { tried: () => undefined, lost: () => undefined },
  });
  await dispatcher.begin([ENDPOINT]);
  // What the first events need once, such as room for garbage, is no part of what waits.
  await tellMany(dispatcher);
  while (dispatcher.waiting > 0) await sleep(10);
  const before = await settledMemory();
  posted = { failure: 'unreachable' };
  await tellMany(dispatcher);
  while (dispatcher.waiting < WAITING) await sleep(10);
  const after = await settledMemory();
  const figures = [memoryFigure(before, after), await turnFigure(dispatcher)];
  await dispatcher.close();
  await store.close();
  return figures;
}

async function tellMany(dispatcher: EventDispatcher): Promise<void> {
  for (let nth = 0; nth < WAITING; nth += 100) {
    dispatcher.take(Array.from({ length: 100 }, (_, more) => draft(nth + more)));
    await sleep(1);
  }
  await sleep(100);
}

const draft = (nth: number) =>
  ({
    type: 'model.cold_start',
    subject: `model/a-model-with-a-name-of-usual-length-${nth}`,
    data: { model: `a-model-with-a-name-of-usual-length-${nth}`, server: 'triton-a', cause: 'asked' },
  }) as const;

type Memory = { readonly heap: number; readonly resident: number };

/** After several collections, so that garbage is no part of it. */
async function settledMemory(): Promise<Memory> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let times = 0; times < 5; times += 1) {
    collect();
    await sleep(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / MIB, resident: rss / MIB };
}

function memoryFigure(before: Memory, after: Memory): Figure {
  const value = after.resident - before.resident;
  return {
    ...{ name: 'events_waiting', value, unit: `MiB resident for ${WAITING} events that wait` },
    ...{ goal: `<= ${GOAL_MB}`, met: value <= GOAL_MB },
    details: { heapMb: rounded(after.heap - before.heap) },
  };
}

/** Turns of the core beside turns of which events are made, round by round in turns. */
async function turnFigure(dispatcher: EventDispatcher): Promise<Figure> {
  const plays = {
    without: new CorePlay(SMALL),
    with: new CorePlay(SMALL, undefined, new EventsOfTurns(dispatcher, () => ({ wanted: 17, present: 16 }))),
  };
  const p50s = { without: [] as number[], with: [] as number[] };
  const p50 = (turns: readonly Turn[]): number => median(turns.map(({ tookMs }) => tookMs));
  for (const play of Object.values(plays)) await play.until(FIRST_ARRIVAL_MS + WARM_UP_MS);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const end = FIRST_ARRIVAL_MS + WARM_UP_MS + round * ROUND_MS;
    p50s.without.push(p50(await plays.without.record(end)));
    p50s.with.push(p50(await plays.with.record(end)));
  }
  const value = median(p50s.with) / median(p50s.without);
  return {
    ...{ name: 'events_turn', value, unit: 'x, p50 of a turn without events', goal: `<= ${GOAL_RATIO}` },
    met: value <= GOAL_RATIO,
    details: {
      ...{ withMs: rounded(median(p50s.with)), withoutMs: rounded(median(p50s.without)) },
      waiting: dispatcher.waiting,
    },
  };
}
