import type { Access } from '#access';
import { type Config, isWildcard } from '#config';
import { KnownCallers } from '../transport/access/known-callers.js';
import { Certificates } from '../transport/tls/certificates.js';
import type { Dependencies } from './dependencies.js';

/** The credentials that are accepted, and the certificates of this process: read from files before anything is served. */
export interface Identities {
  readonly access: Access;
  readonly callers: KnownCallers;
  /** Null: both ports are served in the clear. */
  readonly certificates: Certificates | null;
}

/** Rejects with `AdminKeyUnusable` or `TlsUnusable`. */
export async function readIdentities(config: Config, outside: Dependencies): Promise<Identities> {
  const callers = await KnownCallers.of(config, outside);
  const certificates = await certificatesOf(config, outside);
  return { access: outside.access ?? callers.access, callers, certificates };
}

async function certificatesOf(
  { tls, names, data: folder, fleet, http, grpc }: Config,
  { log, wallNow: now }: Dependencies,
): Promise<Certificates | null> {
  if (tls === null) return null;
  const hosts = [http.host, grpc.host].filter((host) => !isWildcard(host));
  return await Certificates.open({ tls: { ...tls, names: [...names, ...hosts] }, folder, fleet, log, now });
}
