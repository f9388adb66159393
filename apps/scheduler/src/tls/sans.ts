import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

const NONE: readonly string[] = [];
/** What a connection has shown never changes, and reading it is dear. */
const known = new WeakMap<object, readonly string[]>();
/** A name as Node writes it: with a comma or a quote in it, it is a text of JSON. */
const NAME = /(?:^|, )(DNS|URI|[^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g;

/**
 * The subject alternative names of the certificate that the client of a connection has shown, such as `URI:spiffe://...` and
 * `DNS:...`. None where it has shown none, or one of an authority that is not trusted. A session of HTTP/2 is asked as a socket is.
 */
export function sansOf(connection: Socket | Http2Session): readonly string[] {
  const before = known.get(connection);
  if (before !== undefined) return before;
  const socket = 'socket' in connection ? connection.socket : connection;
  const names = socket instanceof TLSSocket && socket.authorized ? namesOf(socket) : NONE;
  known.set(connection, names);
  return names;
}

function namesOf(socket: TLSSocket): readonly string[] {
  const text = socket.getPeerX509Certificate()?.subjectAltName ?? '';
  return [...text.matchAll(NAME)].flatMap(([, kind = '', value = '']) =>
    kind === 'DNS' || kind === 'URI'
      ? [`${kind}:${value.startsWith('"') ? (JSON.parse(value) as string) : value}`]
      : [],
  );
}
