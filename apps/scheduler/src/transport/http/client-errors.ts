import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf, PROBLEM_TYPE } from '../errors/problem.js';
import { invalid, type RefusalFacts } from '../errors/refused.js';
import type { RequestLine } from './request-line.js';

/** What Node says of a request that it did not understand, or not in time. */
interface ClientError {
  readonly code?: string;
}

interface Told {
  readonly status: number;
  readonly facts: RefusalFacts;
}

const MALFORMED: Told = { status: 400, facts: factsOf('must be well-formed HTTP/1.1') };

const TOLD: Readonly<Record<string, Told>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, facts: factsOf('must arrive in time') },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    facts: { reason: 'too_large', detail: 'the headers may have at most 16 KiB' },
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    facts: { reason: 'too_large', detail: 'the extensions of chunks may have at most 16 KiB' },
  },
};

/**
 * Answers what Node refuses before it is a request: with a problem, as everything else is refused. Then it closes. Where a
 * request before it has no answer yet, it closes without one: it would be taken for the answer of that request.
 */
export function answerClientErrors(line: RequestLine): (error: ClientError, socket: Socket) => void {
  return ({ code = '' }, socket) => {
    if (code === 'ECONNRESET' || isOfTls(code) || line.isAtAnother(socket) || !socket.writable)
      return void socket.destroy();
    const { status, facts } = TOLD[code] ?? MALFORMED;
    const body = JSON.stringify(problemOf(facts, '', () => 0, status).body);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      'X-Content-Type-Options: nosniff',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  };
}

/** Nothing can be told on a connection that has not agreed on its encryption. */
const isOfTls = (code: string): boolean => /^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(code);

function factsOf(rule: string): RefusalFacts {
  return invalid([{ path: '', rule }]).facts;
}
