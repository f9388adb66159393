import type { Config } from '#config';
import type { Leader } from '#engine';

/** What this process knows of how peers are reached. */
export interface PeerTrust {
  /** The authority of the peers' certificates, PEM; null: those that Node knows. */
  readonly ca: string | null;
  /** Whether this process serves TLS: then all peers do. */
  readonly isTls: boolean;
}

/** By the configuration. */
export const trustOf = ({ peer, tls }: Pick<Config, 'peer' | 'tls'>): PeerTrust => ({
  ca: peer.ca,
  isTls: tls !== null,
});

/**
 * Whether a leader is reached over TLS, for HTTP and gRPC alike. Throws where it would be in the clear, though the peers serve
 * TLS: the lease is no proof of what it says, and the key of the peers is for none but them.
 */
export function isReachedByTls({ http, peer }: Pick<Leader, 'http' | 'peer'>, trust: PeerTrust): boolean {
  const isTls = URL.canParse(http) && new URL(http).protocol === 'https:';
  if (!isTls && (trust.isTls || trust.ca !== null))
    throw new Error(`the leader "${peer}" says that it is not reached by https: it is not asked`);
  return isTls;
}
