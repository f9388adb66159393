import type { ServerConfig } from '#config';
import type { ServerId, ServerSpec } from '#core';
import { bytes } from '../models/core-model.js';

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
