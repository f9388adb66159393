import type { Logger } from 'pino';

/** Says that any client may do all, where that is so. */
export function warnOfOpenPorts(insecureListen: boolean, log: Pick<Logger, 'warn'>): void {
  if (!insecureListen) return;
  log.warn('--insecure-listen: any client that reaches this Berth may do all, without a key');
}
