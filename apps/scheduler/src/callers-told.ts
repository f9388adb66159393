import { type AuthConfig, type Config, isBeyondLoopback } from '#config';
import { type AdminKey, adminKeyIn } from './admin-key.js';

/** Which callers there are. */
export interface CallersTold {
  /** Null: every client may do all. */
  readonly auth: AuthConfig | null;
  /** The file with the only key, where the configuration tells of no credentials. */
  readonly adminKeyFile: string | null;
}

/**
 * Which callers there are: those of the configuration. Without any, the holder of the admin key is the only one beyond loopback,
 * and on loopback every client is one. Rejects with `AdminKeyUnusable`.
 */
export async function callersTold(config: Config): Promise<CallersTold> {
  if (config.auth !== null || config.insecureListen || !isBeyondLoopback(config))
    return { auth: config.auth, adminKeyFile: null };
  const admin = await adminKeyIn(config.data);
  return { auth: authOf(admin), adminKeyFile: admin.path };
}

const authOf = ({ hash }: AdminKey): AuthConfig => ({
  keys: [{ id: 'admin', hash, role: 'admin', tenant: null, maxClass: null, expiresAt: null }],
  jwt: [],
  certificates: [],
});
