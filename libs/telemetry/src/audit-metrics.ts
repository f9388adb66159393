import { Counter, type Registry } from 'prom-client';

/** Records of the audit that were stored. */
export class AuditMetrics {
  private readonly records: Counter;

  constructor(registry: Registry) {
    this.records = new Counter({
      name: 'berth_audit_records_total',
      help: 'Audit records stored since the start of this process: one for each write.',
      registers: [registry],
    });
  }

  written(): void {
    this.records.inc();
  }
}
