import type { Counter, Gauge } from 'prom-client';
import type { Instruments } from './instruments.js';

const STATES = ['present', 'missing', 'leaving'] as const;
const RESULTS = ['answered', 'timeout', 'refused', 'failed'] as const;

/** Servers that are found by DNS, and what DNS answers. */
export class DiscoveryMetrics {
  private readonly servers: Gauge<'state'>;
  private readonly leftOut: Gauge;
  private readonly lookups: Counter<'result'>;

  constructor(make: Instruments) {
    this.servers = make.gauge(
      'discovery_servers',
      'Servers found by DNS: in the last answer, missing from it, and leaving since they were missing for long.',
      'state',
    );
    this.leftOut = make.gauge(
      'discovery_left_out',
      'Servers in the last answers of DNS that are left out: malformed, or beyond the most that may be found.',
    );
    this.lookups = make.counter(
      'discovery_lookups_total',
      'Questions to DNS by what came of them; a name that does not exist is an answer.',
      'result',
    );
    for (const state of STATES) this.servers.set({ state }, 0);
    for (const result of RESULTS) this.lookups.inc({ result }, 0);
  }

  found(counts: Readonly<Record<(typeof STATES)[number], number>>, leftOut: number): void {
    for (const state of STATES) this.servers.set({ state }, counts[state]);
    this.leftOut.set(leftOut);
  }

  asked(result: (typeof RESULTS)[number]): void {
    this.lookups.inc({ result });
  }
}
