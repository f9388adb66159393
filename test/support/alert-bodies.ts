/** Bodies as Alertmanager 0.28 posts them. */

export interface AlertOptions {
  readonly status?: 'firing' | 'resolved';
  readonly labels?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  /** Left out: worked out from the labels. */
  readonly fingerprint?: string;
}

/** One alert. While it fires its end is of the year 1. */
export function anAlert({ status = 'firing', labels = {}, startsAt, fingerprint }: AlertOptions = {}) {
  const all = { alertname: 'GpuEccErrors', severity: 'critical', ...labels };
  return {
    status,
    labels: all,
    annotations: { summary: `uncorrectable ECC errors on ${labels['instance'] ?? 'a GPU'}` },
    startsAt: startsAt ?? '2026-11-28T08:56:28.123456789Z',
    endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : '2026-11-28T09:00:24.5Z',
    generatorURL: 'http://prometheus:9090/graph?g0.expr=DCGM_FI_DEV_ECC_DBE_VOL_TOTAL+%3E+0&g0.tab=1',
    fingerprint: fingerprint ?? fingerprintOf(all),
  };
}

/** A whole body. `more` stands in for keys of it. */
export function aBody(alerts: readonly object[], more: object = {}) {
  return {
    receiver: 'berth',
    status: 'firing',
    alerts,
    groupLabels: { alertname: 'GpuEccErrors' },
    commonLabels: { alertname: 'GpuEccErrors' },
    commonAnnotations: {},
    externalURL: 'http://alertmanager:9093',
    version: '4',
    groupKey: '{}:{alertname="GpuEccErrors"}',
    truncatedAlerts: 0,
    ...more,
  };
}

/** FNV-1a, as Alertmanager makes it: the same labels have the same fingerprint. */
function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(JSON.stringify(Object.entries(labels))))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
