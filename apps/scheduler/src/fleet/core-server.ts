import type { ServerConfig } from '#config';
import type { Event, ServerId, ServerSpec } from '#core';
import { bytes } from '../models/core-model.js';
import type { ToldServer } from '#engine';
import type { WallTimes } from '../wall-times.js';
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
  if (drain === null) return { kind: 'DrainEnded', server };
  const { deadline } = drain;
  return { kind: 'DrainOrdered', server, deadline: deadline === null ? null : times.instantOf(deadline) };
}

/** Whether an admin or a webhook has it drained. A server that has left is not asked to drain any more. */
export const isDraining = ({ told }: Pick<ServerEntry, 'told'>): boolean => drainOf(told) !== null;

/** Of what an admin and a webhook said, the earlier deadline holds. */
function drainOf(told: ToldServer | undefined): ToldServer['drain'] {
  const drains = [told?.drain ?? null, told?.end?.said === 'leaving' ? told.end : null];
  const wanted = drains.filter((one) => one !== null);
  const [deadline = null] = wanted.flatMap((one) => one.deadline ?? []).toSorted();
  return wanted.length === 0 ? null : { deadline };
}
