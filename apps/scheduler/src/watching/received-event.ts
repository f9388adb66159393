import type { RouteEvent, SentRow } from './route-event.js';

/** An event as gRPC hands it over: its 64-bit numbers are texts, and what was left out is not there. */
export interface EventMessage extends Omit<RouteEvent, 'version'> {
  readonly version: { readonly term: string; readonly sequence: string };
}

/** The event. */
export function readEvent({ number, version, beat, servers, rows, ...event }: EventMessage): RouteEvent {
  return {
    ...event,
    number: Number(number),
    version: { term: Number(version.term), sequence: Number(version.sequence) },
    beat: { renewedAgoMs: Number(beat.renewedAgoMs), isEnding: beat.isEnding },
    servers: servers.map(({ isObserved, server: { id, grpc, http, labels } }) => ({
      server: { id, grpc, http: http ?? null, labels },
      isObserved,
    })),
    rows: rows.map(readRow),
  };
}

const readRow = (row: SentRow): SentRow =>
  row.leasesEndInMs === undefined ? row : { ...row, leasesEndInMs: Number(row.leasesEndInMs) };
