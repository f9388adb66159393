import type { RouteEvent, RouteVersion, SentRow } from '../cluster/replication/route-event.js';

/** A version as JSON has it: its numbers may be longer than some readers take. */
export const versionJson = ({ term, sequence }: RouteVersion) => ({
  term: String(term),
  sequence: String(sequence),
});

/** The name of a version: an ETag in quotes, and the id of an event. */
export const versionName = ({ term, sequence }: RouteVersion): string => `${term}-${sequence}`;

/** A row as JSON has it. The rows of a table have more fields. */
export const rowJson = (row: SentRow) => ({
  model: row.model,
  server: row.server,
  versions: row.versions,
  devices: row.devices,
  isFailing: row.isFailing,
  isEnding: row.isEnding,
  leasesEndInMs: row.leasesEndInMs ?? null,
});

/** An event as JSON has it. */
export const eventJson = ({ version, rows, ...event }: RouteEvent) => ({
  number: event.number,
  version: versionJson(version),
  beat: event.beat,
  resets: event.resets,
  hasMore: event.hasMore,
  servers: event.servers.map(({ server, isObserved }) => ({ server, isObserved })),
  serversGone: event.serversGone,
  rows: rows.map(rowJson),
  gone: event.gone,
});
