import type { ServerConfig } from '#config';
import { DEFAULT_LEASE, type Event, type ServerId, type ServerSpec } from '#core';
import { bytes } from '../models/core-model.js';
import type { DeclaredServer } from '#engine';
import type { WallTimes } from '../../transport/wall-times.js';
import type { ServerEntry } from './registry.js';

/** A server as the core has it: what it offers, not how it is reached. */
export function coreServer({
  id,
  host,
  labels,
  hostMemoryMb,
  discover,
  strangers,
  metricsIntervalMs,
  devices,
}: ServerConfig): ServerSpec {
  return {
    id: id as ServerId,
    host,
    labels,
    hostMemory: hostMemoryMb === null ? null : bytes(hostMemoryMb),
    discover,
    strangers,
    metricsInterval: metricsIntervalMs,
    devices:
      devices?.map(({ ordinal, uuid, memoryMb, headroomMb }) => {
        return { ordinal, uuid, memory: bytes(memoryMb), headroom: bytes(headroomMb) };
      }) ?? null,
  };
}

/** What the engine is told of a drain, or of its end. */
export function drainEvent({ id, told }: Pick<ServerEntry, 'id' | 'told'>, times: WallTimes): Event {
  const server = id as ServerId;
  const drain = drainOf(told);
  if (!drain) return { kind: 'DrainEnded', server };
  const { deadline, before } = drain;
  const instant = deadline === null ? null : times.instantOf(deadline) - before;
  return { kind: 'DrainOrdered', server, deadline: instant };
}

/** Whether an admin or a webhook has it drained. A server that has left is not asked to drain any more. */
export const isDraining = ({ told }: Pick<ServerEntry, 'told'>): boolean => drainOf(told) !== undefined;

/**
 * Of what an admin or an alert and a webhook said, what has it empty first. Leases may go on for a lease beyond the deadline of
 * a drain. By an announced end they are over: there the deadline is so much `before` it.
 */
export function drainOf(told: DeclaredServer | undefined) {
  const { drain, end } = told ?? {};
  const drains = [
    ...(drain ? [{ cause: 'admin' as const, ...drain, before: 0 }] : []),
    ...(end?.said === 'leaving' ? [{ ...end, cause: 'webhook' as const, before: DEFAULT_LEASE }] : []),
  ];
  const emptyBy = ({ deadline, before }: (typeof drains)[number]): number =>
    deadline === null ? Number.MAX_VALUE : Date.parse(deadline) - before;
  return drains.toSorted((one, other) => emptyBy(one) - emptyBy(other))[0];
}
