import { Counter, type Registry } from 'prom-client';

/** Records of the audit that were stored. */
export class AuditMetrics {
  private readonly records: Counter;

  constructor(registry: Registry) {
    this.records = new Counter({
      name: 'berth_audit_records_total',
      help: 'Audit records stored since the start of this process: one for each thing that a write changed or ordered.',
      registers: [registry],
    });
  }

  written(count: number): void {
    this.records.inc(count);
  }
}
