import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, noteRoutesOn } from '../fleet/fleet.js';
import type { Contact, Server } from '../fleet/server.js';

/** The time between two probes of a slow server. */
const PROBE_EVERY = 5_000;
/** A look that failed counts as having taken so long at least, which puts off the next one. */
const FAILED_LOOK_TOOK = 250;
/** For so long a server that answers `not_now` keeps its standing. */
const MAY_TELL_NOTHING = 30_000;
/** After so many failed probes in a row a slow server is lost. */
const PROBES_BEFORE_LOST = 3;

export function contactChanged(
  fleet: Fleet,
  { server: id, fact }: EventOf<'ContactChanged'>,
  now: Now,
): void {
  const server = fleet.servers.get(id);
  if (!server) return;
  switch (fact) {
    case 'connected':
      return connected(fleet, server, now);
    case 'ended':
      return connectionEnded(fleet, server, now);
    case 'closed':
    case 'moved':
      return closed(fleet, server, fact === 'moved', now);
    case 'refused':
      return refused(fleet, server, now);
    case 'leaving':
      server.looksCountFrom = now.stamp;
      return setContact(fleet, server, { kind: 'lost', since: now.stamp });
    case 'probe_accepted':
      return probed(fleet, server, 0, now);
    case 'probe_timed_out':
      return probed(fleet, server, 1, now);
  }
}

/**
 * A new connection: before a look over it no route is given, and the mode is not known. A look that is under way waited
 * for this connection, since one over the connection before has ended with that.
 */
function connected(fleet: Fleet, server: Server, now: Now): void {
  if (server.contact.kind === 'up' || server.contact.kind === 'slow') return;
  server.looksCountFrom = now.stamp;
  server.mode = null;
  server.fullEndedAt = null;
  setContact(fleet, server, { kind: 'up' });
}

function connectionEnded(fleet: Fleet, server: Server, now: Now): void {
  const { kind } = server.contact;
  if (kind !== 'up' && kind !== 'slow') return;
  server.looksCountFrom = now.stamp;
  setContact(fleet, server, { kind: 'down', since: now.stamp, moved: false });
}

/**
 * Berth closed the connection. All that is known stays: the first look over the next connection shows whether the process
 * is the same. What a look that is under way tells will not be taken.
 */
function closed(fleet: Fleet, server: Server, moved: boolean, now: Now): void {
  const { contact } = server;
  server.looksCountFrom = now.stamp;
  server.looking = null;
  if (contact.kind === 'connecting') return;
  const isElsewhere = moved || (contact.kind === 'down' && contact.moved);
  setContact(fleet, server, { kind: 'down', since: now.stamp, moved: isElsewhere });
}

/** No process listens, so the server has died; unless its address is new, and there was no connection to it yet. */
function refused(fleet: Fleet, server: Server, now: Now): void {
  const { contact } = server;
  if (contact.kind === 'down' && contact.moved) return;
  server.refused = true;
  if (contact.kind === 'connecting')
    setContact(fleet, server, { kind: 'down', since: now.stamp, moved: false });
}

function probed(fleet: Fleet, server: Server, failed: 0 | 1, now: Now): void {
  if (server.contact.kind !== 'slow') return;
  const probesFailed = failed === 0 ? 0 : server.contact.probesFailed + 1;
  if (probesFailed >= PROBES_BEFORE_LOST)
    return setContact(fleet, server, { kind: 'lost', since: now.stamp });
  server.contact = { kind: 'slow', probesFailed, nextProbeAt: now.stamp + PROBE_EVERY };
}

/**
 * A look failed: the server is slow, or does not allow looks. Where it answered `not_now` it is neither, as long as other
 * looks tell something.
 */
export function lookFailed(fleet: Fleet, { server: id, why }: EventOf<'LookFailed'>, now: Now): void {
  const server = fleet.servers.get(id);
  if (!server) return;
  const full = server.looking === 'full';
  server.looking = null;
  server.anyEndedAt = now.stamp;
  server.lookTook = Math.max(server.lookTook, FAILED_LOOK_TOOK);
  if (full) server.fullEndedAt = now.stamp;
  if (typeof why === 'object') server.mode = why.mode;
  else if (why === 'not_now' && !now.has((server.statisticsAt ?? -Infinity) + MAY_TELL_NOTHING)) return;
  else if (why !== 'unreachable' && server.contact.kind === 'up') {
    setContact(fleet, server, { kind: 'slow', probesFailed: 0, nextProbeAt: now.stamp });
  }
}

/** A look was answered, so the connection works. */
export function answered(fleet: Fleet, server: Server): void {
  if (server.contact.kind !== 'up') setContact(fleet, server, { kind: 'up' });
}

function setContact(fleet: Fleet, server: Server, contact: Contact): void {
  server.contact = contact;
  if (contact.kind === 'down' || contact.kind === 'lost') server.looked = false;
  noteRoutesOn(fleet, server.spec.id);
}
