import type { Socket } from 'node:net';

/** What a connection has shown never changes, and reading it is dear (131 us over gRPC). */
const known = new WeakMap<Socket, readonly string[]>();

/**
 * The subject alternative names of the certificate that a client has shown on a connection. `read` gives the text that Node
 * makes of them; undefined: it has shown none of an authority that is trusted. It is called once for each connection.
 */
export function namesShownOn(connection: Socket, read: () => string | undefined): readonly string[] {
  const before = known.get(connection);
  if (before !== undefined) return before;
  const names = namesIn(read());
  known.set(connection, names);
  return names;
}

/**
 * A name with a comma or a quote is in quotes in that text. Such a name is none that a configuration would have, and could be
 * taken for several: then there are none.
 */
export function namesIn(subjectaltname: string | undefined): readonly string[] {
  return subjectaltname === undefined || subjectaltname.includes('"') ? [] : subjectaltname.split(', ');
}
