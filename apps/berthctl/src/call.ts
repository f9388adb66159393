import { request as requestOverHttp, type IncomingMessage } from 'node:http';
import { request as requestOverHttps, type RequestOptions as HttpsOptions } from 'node:https';
import { Failed } from './failures.js';
import type { Target } from './target.js';

/** One question to Berth. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Its path and query, encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** How long Berth may take before it answers, beside the time for the way. */
  readonly waitMs?: number;
  /** How many bytes of its answer are read at most. */
  readonly mostBytes?: number;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  /** `Retry-After`, where it was given. */
  readonly retryAfter: string | undefined;
  readonly text: string;
  readonly bytes: number;
}

/** The longest answer that is read, of all its pages together: some 40,000 models. */
export const MAX_BYTES = 64 * 2 ** 20;

/** The longest that a timer can be set to: 24 days. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** Asks once. No redirect is followed: the token is for one address. Ends after `patience` and the wait, whatever comes. */
export async function call(target: Target, question: Question, patience: number): Promise<Reply> {
  const url = `${target.url}${question.path}`;
  const limit = Math.min(patience + (question.waitMs ?? 0), MAX_WAIT_MS);
  const signal = AbortSignal.timeout(limit);
  try {
    const response = await responseTo(url, optionsFor(target, question, signal), question.body, patience);
    const { statusCode: status = 0, headers } = response;
    const bytes = await bytesOf(response, question.mostBytes ?? MAX_BYTES);
    return { status, retryAfter: headers['retry-after'], text: bytes.toString(), bytes: bytes.length };
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw unanswered(target, signal.aborted ? `no answer within ${limit} ms` : wordsOf(error));
  }
}

function optionsFor({ token, ca }: Target, { method, body }: Question, signal: AbortSignal): HttpsOptions {
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  return { method, headers, signal, agent: false, ...(ca !== null && { ca }) };
}

/**
 * A connection has to be there within `patience`: only Berth may take longer, not the way to it. An answer that changes the
 * protocol (101) is neither a response nor an error: the connection is closed, and that is all we hear.
 */
function responseTo(
  url: string,
  options: HttpsOptions,
  body: unknown,
  patience: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isTls = url.startsWith('https:');
    const request = (isTls ? requestOverHttps : requestOverHttp)(url, options);
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection within ${patience} ms`)),
      Math.min(patience, MAX_WAIT_MS),
    );
    request.once('socket', (socket) =>
      socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connecting)),
    );
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => {
      clearTimeout(connecting);
      reject(new Error(CLOSED));
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function bytesOf(response: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most)
      throw new Failed(`the answer is longer than the ${MAX_BYTES / 2 ** 20} MiB that are read`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unanswered({ url }: Target, why: string): Failed {
  const isPlain = url.startsWith('http:') && why === CLOSED;
  return new Failed(`Berth does not answer at ${url}: ${why}`, [
    'Is Berth running there? Another address is given with --url or BERTH_URL.',
    ...(isPlain ? ['Does it want https://? --ca or BERTH_CA names the authority of its certificate.'] : []),
  ]);
}

const UNTRUSTED =
  'its certificate is of an authority that is not trusted; --ca or BERTH_CA names one that is';

const CLOSED = 'the connection was closed without an answer';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: CLOSED,
  ENOTFOUND: 'no host has that name',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  EPROTO: 'what is there does not speak TLS as it must',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what is there does not speak TLS; perhaps it wants http://',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
};

function wordsOf(error: unknown): string {
  const { code = '', message } = error as Error & { readonly code?: string };
  if (code.startsWith('HPE_')) return 'what is there does not speak HTTP';
  return WORDS[code] ?? (message === '' ? code : message);
}
