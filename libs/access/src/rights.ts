import type { Role } from './principal.js';

/** What may be done; each operation of an interface needs one of these. */
export const RIGHTS = {
  /** Resolve, watches of routes, reports of usage, ext_proc. */
  route: ['gateway', 'operator', 'admin'],
  /** GET, explain, plan, OpenAPI, reflection. */
  read: ['viewer', 'operator', 'admin'],
  /** Pin, load, unload, reload, drain, freeze, warm-ups. */
  operate: ['operator', 'admin'],
  /** Declarations of models and servers, batches, `force`, the audit. */
  declare: ['admin'],
  /** Webhooks. */
  hook: ['autoscaler', 'admin'],
  /** The numbers for autoscalers. */
  scale: ['autoscaler', 'viewer', 'operator', 'admin'],
  /** The metrics. */
  scrape: ['admin', 'metrics'],
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Right = keyof typeof RIGHTS;

/** Whether a role has a right. */
export const hasRight = (role: Role, right: Right): boolean =>
  (RIGHTS[right] as readonly Role[]).includes(role);
