import { type ModelId, replicaId, type ReplicaId, type ServerId } from '#core';
import { interned } from './interned.js';
import type { ReportedUse, RouteEvent, RouteVersion, SentRow } from './route-event.js';

/** 64-bit numbers as proto-loader hands them over. They may be sent as numbers. */
type Long = string | number;

interface VersionMessage {
  readonly term: Long;
  readonly sequence: Long;
}

interface KeyMessage {
  readonly model: string;
  readonly server: string;
}

interface RowMessage extends KeyMessage {
  readonly versions: readonly string[];
  readonly devices: readonly number[];
  readonly isFailing: boolean;
  readonly isEnding: boolean;
  readonly leasesEndInMs?: Long;
}

/** `berth.v1.WatchRequest`. */
export interface WatchMessage {
  readonly watcher: string;
  readonly have: VersionMessage | null;
  readonly peer: { readonly configHash: string } | null;
}

/** `berth.v1.RouteEvent`. */
export interface EventMessage {
  readonly number: Long;
  readonly version: VersionMessage;
  readonly beat: { readonly renewedAgoMs: Long; readonly isEnding: boolean };
  readonly resets: boolean;
  readonly hasMore: boolean;
  readonly servers: readonly {
    readonly server: {
      readonly id: string;
      readonly grpc: string;
      readonly http?: string | null;
      readonly labels: Readonly<Record<string, string>>;
    };
    readonly isObserved: boolean;
  }[];
  readonly serversGone: readonly string[];
  readonly rows: readonly RowMessage[];
  readonly gone: readonly KeyMessage[];
}

/** `berth.v1.UsageReport`. */
export interface ReportMessage {
  readonly watcher: string;
  readonly uses: readonly (KeyMessage & {
    readonly lastUsedMsAgo: Long;
    readonly inUseForMs: Long;
    readonly routes: number;
  })[];
  readonly doubted: readonly string[];
  readonly peer: {
    readonly number: Long;
    readonly version: VersionMessage | null;
    readonly isEnding: boolean;
  } | null;
}

export const versionOf = ({ term, sequence }: VersionMessage): RouteVersion => ({
  term: Number(term),
  sequence: Number(sequence),
});

/** An event as it is sent. */
export function eventMessage({ beat, servers, rows, gone, ...event }: RouteEvent): EventMessage {
  return {
    ...event,
    beat: { renewedAgoMs: Math.ceil(Math.min(beat.renewedAgo, LONGEST)), isEnding: beat.isEnding },
    servers: servers.map(({ isObserved, server: { http, ...server } }) => ({
      server: http === null ? server : { ...server, http },
      isObserved,
    })),
    rows: rows.map(rowMessage),
    gone: gone.map(keyOf),
  };
}

/** A lease that was never renewed is told as one that was not for a very long time. */
const LONGEST = 1e12;

const rowMessage = ({ leasesEndIn, id: _, ...row }: SentRow): RowMessage =>
  leasesEndIn === null ? row : { ...row, leasesEndInMs: leasesEndIn };

/** No server's name has such a sign. */
function keyOf(id: ReplicaId): KeyMessage {
  const at = id.lastIndexOf('@');
  return { model: id.slice(0, at), server: id.slice(at + 1) };
}

/** An event as it was received. Texts and lists that are the same are one. */
export function readEvent({
  number,
  version,
  beat,
  servers,
  rows,
  gone,
  ...event
}: EventMessage): RouteEvent {
  return {
    ...{ resets: event.resets, hasMore: event.hasMore },
    number: Number(number),
    version: versionOf(version),
    beat: { renewedAgo: Number(beat.renewedAgoMs), isEnding: beat.isEnding },
    servers: servers.map(({ server: { id, grpc, http = null, labels }, isObserved }) => ({
      server: { id, grpc, http, labels },
      isObserved,
    })),
    serversGone: event.serversGone as readonly ServerId[],
    rows: rows.map(readRow),
    gone: gone.map(({ model, server }) => replicaId(model as ModelId, server as ServerId)),
  };
}

function readRow({
  model,
  server,
  versions,
  devices,
  isFailing,
  isEnding,
  leasesEndInMs,
}: RowMessage): SentRow {
  return {
    id: replicaId(model as ModelId, server as ServerId),
    model: model as ModelId,
    server: interned.text(server) as ServerId,
    versions: interned.texts(versions),
    devices: interned.numbers(devices),
    ...{ isFailing, isEnding },
    leasesEndIn: leasesEndInMs === undefined ? null : Number(leasesEndInMs),
  };
}

/** Uses as they are sent. */
export const useMessages = (uses: readonly ReportedUse[]): ReportMessage['uses'] =>
  uses.map(({ model, server, lastUsedAgo, inUseFor, routes }) => ({
    ...{ model, server, routes },
    lastUsedMsAgo: Math.floor(lastUsedAgo),
    inUseForMs: Math.ceil(inUseFor),
  }));

/** Uses as they were received. */
export const readUses = ({ uses }: ReportMessage): ReportedUse[] =>
  uses.map(({ model, server, lastUsedMsAgo, inUseForMs, routes }) => ({
    model: model as ModelId,
    server: server as ServerId,
    lastUsedAgo: Number(lastUsedMsAgo),
    inUseFor: Number(inUseForMs),
    routes,
  }));
