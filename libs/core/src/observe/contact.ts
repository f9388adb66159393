import type { ContactFact, EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Contact, Server } from '../fleet/server.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';

/** Between two tries of a new connection to a slow server. */
const PROBE_EVERY = 5_000;
/** A look that failed counts as having taken this long: the next one keeps its distance. */
const FAILED_LOOK_TOOK = 250;
/** For so long a server keeps its standing that answers, and tells nothing. */
const MAY_TELL_NOTHING = 30_000;
/** Tries in a row that may fail before a slow server is lost. */
const PROBES_BEFORE_LOST = 3;

export function contactChanged(fleet: Fleet, id: ServerId, fact: ContactFact, now: Instant): void {
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
      server.looksCountFrom = now;
      return setContact(fleet, server, { kind: 'lost', since: now });
    case 'probe_accepted':
      return probed(fleet, server, 0, now);
    case 'probe_timed_out':
      return probed(fleet, server, 1, now);
  }
}

/**
 * A new connection: what is routed to it waits for a look over it, and so does the question of its mode. A look under way
 * waited for the connection; one over the connection before has ended with that.
 */
function connected(fleet: Fleet, server: Server, now: Instant): void {
  if (server.contact.kind === 'up' || server.contact.kind === 'slow') return;
  server.looksCountFrom = now;
  server.mode = null;
  server.fullEndedAt = null;
  setContact(fleet, server, { kind: 'up' });
}

function connectionEnded(fleet: Fleet, server: Server, now: Instant): void {
  const { kind } = server.contact;
  if (kind !== 'up' && kind !== 'slow') return;
  server.looksCountFrom = now;
  setContact(fleet, server, { kind: 'down', since: now, moved: false });
}

/**
 * We closed the connection, in whatever state it was. What is known, ordered and drained stays: the first look over the next one
 * shows whether the process is the same. A look under way tells nothing any more.
 */
function closed(fleet: Fleet, server: Server, moved: boolean, now: Instant): void {
  const { contact } = server;
  server.looksCountFrom = now;
  server.looking = null;
  if (contact.kind === 'connecting') return;
  const isElsewhere = moved || (contact.kind === 'down' && contact.moved);
  setContact(fleet, server, { kind: 'down', since: now, moved: isElsewhere });
}

/** No process listens: the server has died. At a new address without a connection so far that says nothing. */
function refused(fleet: Fleet, server: Server, now: Instant): void {
  const { contact } = server;
  if (contact.kind === 'down' && contact.moved) return;
  server.refused = true;
  if (contact.kind === 'connecting') setContact(fleet, server, { kind: 'down', since: now, moved: false });
}

function probed(fleet: Fleet, server: Server, failed: 0 | 1, now: Instant): void {
  if (server.contact.kind !== 'slow') return;
  const probesFailed = failed === 0 ? 0 : server.contact.probesFailed + 1;
  if (probesFailed >= PROBES_BEFORE_LOST) return setContact(fleet, server, { kind: 'lost', since: now });
  server.contact = { kind: 'slow', probesFailed, nextProbeAt: now + PROBE_EVERY };
}

/**
 * A look did not come back: the server is slow, or says that it may not be looked at. One that answered that it could not tell
 * just then is neither, as long as another look soon does better.
 */
export function lookFailed(fleet: Fleet, { server: id, why }: EventOf<'LookFailed'>, now: Instant): void {
  const server = fleet.servers.get(id);
  if (!server) return;
  const full = server.looking === 'full';
  server.looking = null;
  server.anyEndedAt = now;
  server.lookTook = Math.max(server.lookTook, FAILED_LOOK_TOOK);
  if (full) server.fullEndedAt = now;
  if (typeof why === 'object') server.mode = why.mode;
  else if (why === 'not_now' && now < (server.statisticsAt ?? -Infinity) + MAY_TELL_NOTHING) return;
  else if (why !== 'unreachable' && server.contact.kind === 'up') {
    setContact(fleet, server, { kind: 'slow', probesFailed: 0, nextProbeAt: now });
  }
}

/** A look came back: whatever we believed, the server is there. */
export function answered(fleet: Fleet, server: Server): void {
  if (server.contact.kind !== 'up') setContact(fleet, server, { kind: 'up' });
}

function setContact(fleet: Fleet, server: Server, contact: Contact): void {
  server.contact = contact;
  if (contact.kind === 'down' || contact.kind === 'lost') server.looked = false;
  fleet.routesRevision += 1;
}
