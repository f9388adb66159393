import { Resolver } from 'node:dns/promises';
import { NoAnswer, type NoAnswerReason, type DnsResolver } from './dns-resolver.js';

/** One DNS server has so long for its first answer; the second try has longer. */
const TRY_MS = 1_500;
const TRIES = 2;
/** A question has so long in all, however many DNS servers are configured. */
const QUESTION_MS = 4_000;

/** Answers that say that there is nothing: no such name, and no records of that kind. */
const NOTHING: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);
const REASONS: Readonly<Record<string, NoAnswerReason>> = {
  ETIMEOUT: 'timeout',
  ECANCELLED: 'timeout',
  ECONNREFUSED: 'refused',
  EREFUSED: 'refused',
};

/** DNS by Node's resolver. `servers` are asked, `address` or `address:port`; left out: those of the system. */
export function systemDns(servers?: readonly string[]): DnsResolver {
  return {
    srv: async (name, signal) => {
      const records = await ask(servers, signal, (resolver) => resolver.resolveSrv(name));
      return records.map(({ name: host, port }) => ({ host, port }));
    },
    addresses: async (name, signal) => {
      const v4 = await ask(servers, signal, (resolver) => resolver.resolve4(name));
      // With both, each server would be found twice.
      return v4.length > 0 ? v4 : await ask(servers, signal, (resolver) => resolver.resolve6(name));
    },
  };
}

/** Each question has a resolver of its own: it takes up another `resolv.conf`, and is cancelled alone. */
async function ask<T>(
  servers: readonly string[] | undefined,
  signal: AbortSignal,
  question: (resolver: Resolver) => Promise<T[]>,
): Promise<T[]> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  const timer = setTimeout(cancel, QUESTION_MS);
  signal.addEventListener('abort', cancel);
  try {
    const answer = question(resolver);
    if (signal.aborted) cancel();
    return await answer;
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (NOTHING.has(code)) return [];
    throw new NoAnswer(REASONS[code ?? ''] ?? 'failed', { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}
