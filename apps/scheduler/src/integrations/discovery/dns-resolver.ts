/** A place where DNS says that a server is. */
export interface Place {
  /** A host name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Why there was no answer: no DNS server answered in time, one refused to, or one failed. */
export type NoAnswerReason = 'timeout' | 'refused' | 'failed';

/** DNS gave no answer: nothing is known of the name, and nothing follows from that. */
export class NoAnswer extends Error {
  constructor(
    readonly reason: NoAnswerReason,
    options: ErrorOptions,
  ) {
    super(`DNS gave no answer: ${reason}`, options);
  }
}

/**
 * Names in DNS. A name that does not exist, or that has no records of the kind, is an answer: an empty one. Rejects with
 * `NoAnswer` where there was none, within 10 s, and at once where `signal` aborts.
 */
export interface DnsResolver {
  /** The targets and ports of SRV records, as DNS writes them. */
  srv(name: string, signal: AbortSignal): Promise<readonly Place[]>;
  /** The IPv4 addresses of a host; where there are none its IPv6 addresses. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>;
}
