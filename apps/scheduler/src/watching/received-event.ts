import type { ServerId } from '#core';
import { interned } from './interned.js';
import type { RouteEvent, SentRow } from './route-event.js';

/** An event as gRPC hands it over: its 64-bit numbers are texts, and what was left out is not there. */
export interface EventMessage extends Omit<RouteEvent, 'version'> {
  readonly version: { readonly term: string; readonly sequence: string };
}

/** The event. Texts and lists that are the same are one. */
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

const readRow = ({ leasesEndInMs, server, versions, devices, ...row }: SentRow): SentRow => ({
  ...row,
  server: interned.text(server) as ServerId,
  versions: interned.texts(versions),
  devices: interned.numbers(devices),
  ...(leasesEndInMs !== undefined && { leasesEndInMs: Number(leasesEndInMs) }),
});
