import { Counter, Gauge, type Registry } from 'prom-client';

const STATES = ['present', 'missing', 'leaving'] as const;
const RESULTS = ['answered', 'timeout', 'refused', 'failed'] as const;

/** Servers that are found by DNS, and what DNS answers. */
export class DiscoveryMetrics {
  private readonly servers: Gauge<'state'>;
  private readonly leftOut: Gauge;
  private readonly lookups: Counter<'result'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.servers = new Gauge({
      name: 'berth_discovery_servers',
      help: 'Servers found by DNS: in the last answer, missing from it, and leaving since they were missing for long.',
      labelNames: ['state'],
      registers,
    });
    this.leftOut = new Gauge({
      name: 'berth_discovery_left_out',
      help: 'Servers in the last answers of DNS that are left out: malformed, or beyond the most that may be found.',
      registers,
    });
    this.lookups = new Counter({
      name: 'berth_discovery_lookups_total',
      help: 'Questions to DNS by what came of them; a name that does not exist is an answer.',
      labelNames: ['result'],
      registers,
    });
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
