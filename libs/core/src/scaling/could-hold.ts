import type { Fleet } from '../fleet/fleet.js';
import type { Bytes, Model } from '../fleet/model.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { isSeen } from '../fleet/standing.js';

/**
 * Whether any known server could hold a model with so many bytes on a GPU: it has the labels, a device of that size, and
 * the model in its repository. A server that was never seen could, and where there is no server any model counts.
 */
export function couldHold(fleet: Readonly<Fleet>, model: Model, gpuBytes: Bytes): boolean {
  if (fleet.servers.size === 0) return true;
  for (const server of fleet.servers.values()) {
    if (labelsMatch(server, model) && couldBeOn(server, model, gpuBytes)) return true;
  }
  return false;
}

function couldBeOn(server: Server, { id }: Model, gpuBytes: Bytes): boolean {
  if (!isSeen(server)) return true;
  if (!server.repository.has(id)) return false;
  const { devices } = server;
  if (devices === null || devices.length === 0) return true;
  return devices.some(({ kind, capacity }) => kind === 'cpu' || gpuBytes <= capacity);
}
