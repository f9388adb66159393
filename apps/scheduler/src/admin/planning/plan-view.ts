import type {
  ChangedModel,
  DeviceStanding,
  Lacking,
  LoadCause,
  Plan,
  PlannedAnswer,
  PlannedDevice,
  PlannedOrder,
} from '#core';
import { type PlanMessage, planLines } from '#contracts';
import { mib } from '../models/core-model.js';

/** How many devices are told, and how many servers of a model that lacks something. */
const MAX_DEVICES = 2_000;
const MAX_SERVERS = 50;

/** Since when a plan counts, and whether anything may be ordered at all. */
interface PlannedFrom {
  readonly began: number;
  readonly frozen: boolean;
}

/** A plan as it is told. */
export function planView(plan: Plan, { began, frozen }: PlannedFrom): PlanMessage {
  const { end, turns, took, orders, answers, lacking, models, pins, devices } = plan;
  const view = {
    ...{ end, turns, tookMs: Math.round(took), frozen },
    orders: orders.items.map((order) => orderView(order, began)),
    ordersLeftOut: orders.leftOut,
    answers: answers.items.map(answerView),
    answersLeftOut: answers.leftOut,
    lacking: lacking.items.map(lackingView),
    lackingLeftOut: lacking.leftOut,
    models: models.items.map(({ model, before, after }: ChangedModel) => ({ model, before, after })),
    modelsLeftOut: models.leftOut,
    pins: {
      fit: pins.fits,
      unplaced: pins.fits ? [] : pins.unplaced.map(({ needs, ...pin }) => ({ ...pin, needsMb: mib(needs) })),
    },
    devices: devices.slice(0, MAX_DEVICES).map(deviceView),
    devicesLeftOut: Math.max(0, devices.length - MAX_DEVICES),
  };
  return { ...view, lines: planLines(view) };
}

function orderView(order: PlannedOrder, began: number): PlanMessage['orders'][number] {
  const { kind, at, model, server, devices, bytes } = order;
  const isLoad = kind === 'load';
  const readyAt = isLoad ? order.readyAt : null;
  return {
    ...{ kind, afterMs: Math.round(at - began), model, server, devices: [...devices], memoryMb: mib(bytes) },
    wantedBy: isLoad ? WANTED_BY[order.cause] : null,
    readyAfterMs: readyAt === null ? null : Math.round(readyAt - began),
    reason: isLoad ? null : order.cause,
    for: isLoad ? null : order.makesRoomFor,
  };
}

/** Causes of loads in the words of a plan, which has fewer of them. */
const WANTED_BY: Readonly<Record<LoadCause, PlanMessage['orders'][number]['wantedBy']>> = {
  asked: 'request',
  wished: 'wish',
  order: 'wish',
  pinned: 'pin',
  kept_warm: 'copies',
  demand: 'copies',
  replaced: 'copies',
  reload: 'copies',
  drain: 'drain',
  brought: 'dependency',
};

const answerView = ({ model, waited, server, refusal }: PlannedAnswer): PlanMessage['answers'][number] => ({
  model,
  afterMs: Math.round(waited),
  server,
  refusal: refusal && {
    reason: refusal.reason,
    detail: refusal.detail ?? null,
    retryAfterMs:
      refusal.retryAfter === null || !Number.isFinite(refusal.retryAfter)
        ? null
        : Math.ceil(refusal.retryAfter),
  },
});

/** The servers that come nearest are told first. */
function lackingView({ model, pinnedCopies, readyCopies, before, there }: Lacking) {
  const nearest = there.toSorted((a, b) => (a.short ?? Infinity) - (b.short ?? Infinity) || 0);
  return {
    ...{ model, pinnedCopies, readyCopies, before },
    servers: nearest.slice(0, MAX_SERVERS).map(({ server, state, verdict, short }) => {
      return { server, state, verdict, shortMb: short === null ? null : Math.ceil(short / 2 ** 20) };
    }),
    serversLeftOut: Math.max(0, nearest.length - MAX_SERVERS),
  };
}

const deviceView = ({ server, ordinal, kind, before, after }: PlannedDevice) => ({
  ...{ server, ordinal, kind },
  before: memoryView(before),
  after: memoryView(after),
});

/** A processor without a limit has all the memory of its host, whose size was not told. */
function memoryView({ server, capacity, held, promised, free }: DeviceStanding) {
  return {
    state: server,
    capacityMb: Number.isFinite(capacity) ? mib(capacity) : 0,
    heldMb: mib(held),
    promisedMb: mib(promised),
    freeMb: Number.isFinite(free) ? Math.max(0, mib(free)) : 0,
  };
}
