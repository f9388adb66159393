import type { ServerConfig } from '#config';
import type { Event, ServerId, ServerSpec } from '#core';
import { bytes } from '../models/core-model.js';
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
  devices,
}: ServerConfig): ServerSpec {
  return {
    id: id as ServerId,
    host,
    labels,
    hostMemory: hostMemoryMb === null ? null : bytes(hostMemoryMb),
    discover,
    strangers,
    devices:
      devices?.map(({ ordinal, uuid, memoryMb, headroomMb }) => {
        return { ordinal, uuid, memory: bytes(memoryMb), headroom: bytes(headroomMb) };
      }) ?? null,
  };
}

/** What the engine is told of a drain, or of its end. */
export function drainEvent({ id, told }: ServerEntry, times: WallTimes): Event {
  const server = id as ServerId;
  if (told?.drain == null) return { kind: 'DrainEnded', server };
  const { deadline } = told.drain;
  return { kind: 'DrainOrdered', server, deadline: deadline === null ? null : times.instantOf(deadline) };
}
