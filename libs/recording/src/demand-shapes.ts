import { z } from 'zod';
import {
  amount,
  failureCause,
  flag,
  list,
  loadCause,
  modelId,
  orNull,
  replicaId,
  serverId,
  whole,
} from './shapes.js';

export const cooldown = z.strictObject({
  model: modelId,
  server: serverId,
  failures: amount,
  until: amount,
  cause: failureCause,
  at: amount,
});
export const breaker = z.strictObject({ failures: amount, until: amount, cause: failureCause });
export const strain = z.strictObject({
  copies: amount,
  standing: orNull(z.strictObject({ since: amount, until: amount, looks: whole })),
  easySince: orNull(amount),
  carries: amount,
  routes: z.strictObject({ since: amount, count: whole, rate: amount }),
  samples: z.map(
    serverId,
    z.strictObject({ at: amount, served: amount, waited: amount, rate: amount, queue: amount }),
  ),
  isAlone: flag,
});

export const fading = z.strictObject({ sum: amount, at: amount });

export const jobInLine = z.strictObject({
  cause: loadCause,
  server: orNull(serverId),
  devices: list(amount),
  victims: list(replicaId),
  placeAt: amount,
  startsAt: amount,
  readyAt: z.strictObject({ p50: amount, p90: amount }),
  neededBy: amount,
  changesAt: list(amount),
});
