import type { Logger } from 'pino';

/** Files and connections of our own: the store, the log, the servers. */
const RESERVED = 256;

/** How many connections there may be at a time. */
export interface Bounds {
  readonly http: number;
  readonly grpc: number;
}

/** The most files that this process may have open; null: not limited, or not told, as on Windows. */
export function openFiles(): number | null {
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | string } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** The bounds as they can be kept: connections need files, of which the process may have so many open. Lower ones are logged. */
export function boundsWithin(most: number | null, wanted: Bounds, log: Pick<Logger, 'warn'>): Bounds {
  const all = wanted.http + wanted.grpc;
  if (most === null || all + RESERVED <= most) return { http: wanted.http, grpc: wanted.grpc };
  const share = Math.max(0, most - RESERVED) / all;
  const http = Math.max(1, Math.floor(wanted.http * share));
  const grpc = Math.max(1, Math.floor(wanted.grpc * share));
  log.warn(
    { http, grpc, openFiles: most },
    'the bounds of connections are lowered: the process may not open so many files',
  );
  return { http, grpc };
}
