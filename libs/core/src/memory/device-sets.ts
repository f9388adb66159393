import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';

/** Whether the backend of a model spreads each copy over several devices, as the operator declared. */
export const isSpread = (model: Pick<Model, 'deviceSets'> | undefined): boolean =>
  (model?.deviceSets.length ?? 0) > 0;

/**
 * The devices that are booked for a copy that its backend spreads: empty where the server has none of the sets. Only the
 * backend knows which set it takes, so all sets are booked, and the devices that the model's config names besides.
 */
export function spreadOver(server: Server, { id, deviceSets }: Model): readonly number[] {
  const gpus = (server.devices ?? []).filter(({ kind }) => kind === 'gpu').map(({ ordinal }) => ordinal);
  const sets = deviceSets.filter((set) => set.every((ordinal) => gpus.includes(ordinal)));
  if (sets.length === 0) return [];
  const config = server.configs.get(id);
  const named = config?.kind === 'gpu' ? config.gpus : [];
  return gpus.filter((gpu) => named.includes(gpu) || sets.some((set) => set.includes(gpu)));
}

/** The same for a present copy, strangers included; undefined where no set tells its devices. */
export function spreadFound(
  fleet: Readonly<Fleet>,
  server: Server,
  id: ModelId,
): readonly number[] | undefined {
  const model = fleet.models.get(id);
  if (!model || !isSpread(model)) return undefined;
  const devices = spreadOver(server, model);
  return devices.length > 0 ? devices : undefined;
}
