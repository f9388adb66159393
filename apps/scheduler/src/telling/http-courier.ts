import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import type { Millis } from '#core';
import type { Courier, Letter, NoAnswer, Posted, Target } from './courier.js';

/** An answer with longer headers counts as none. */
const MOST_HEADER_BYTES = 16 * 1_024;

/** Where clouds tell their machines secrets: nothing is posted there, whatever an endpoint allows. */
const METADATA = ['169.254.169.254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', 'fd00:ec2::254'];

/**
 * Each address is checked when it is connected to: a name may lead elsewhere the next time. No list of allowed addresses is
 * given, since the agent prints a stack trace for each of its ranges of the other family; it compares plain addresses quietly.
 */
const agentsFor = (allowPrivateIPAddress: boolean) => {
  const filter = { allowPrivateIPAddress, denyIPAddressList: METADATA, keepAlive: false };
  return { 'http:': new RequestFilteringHttpAgent(filter), 'https:': new RequestFilteringHttpsAgent(filter) };
};

/** Posts over real HTTP. Of an answer only the head is read. */
export class HttpCourier implements Courier {
  private readonly open = agentsFor(true);
  private readonly guarded = agentsFor(false);

  async post(letter: Letter, target: Target, patience: Millis, signal: AbortSignal): Promise<Posted> {
    if (signal.aborted) return { failure: 'stopped' };
    const call = new AbortController();
    const end = (): void => call.abort();
    const late = setTimeout(end, patience);
    signal.addEventListener('abort', end);
    try {
      return await this.send(letter, target, call.signal);
    } catch (error) {
      if (signal.aborted) return { failure: 'stopped' };
      return { failure: call.signal.aborted ? 'timed_out' : reasonOf(error) };
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', end);
    }
  }

  private send(
    { headers, body }: Letter,
    { url, allowPrivate }: Target,
    signal: AbortSignal,
  ): Promise<Posted> {
    const to = new URL(url);
    const isTls = to.protocol === 'https:';
    const agent = (allowPrivate ? this.open : this.guarded)[isTls ? 'https:' : 'http:'];
    const options = { method: 'POST', headers, agent, signal, maxHeaderSize: MOST_HEADER_BYTES };
    return new Promise((resolve, reject) => {
      const answered = (answer: IncomingMessage): void => {
        const { statusCode: status = 0, headers: said } = answer;
        answer.destroy();
        resolve({ status, retryAfter: said['retry-after'] ?? null });
      };
      const call = (isTls ? tlsRequest : plainRequest)(to, options, answered);
      call.once('error', reject).once('close', () => reject(NO_ANSWER));
      call.end(body);
    });
  }
}

/** A connection may end without an answer and without an error: so it does after `101 Switching Protocols`. */
const NO_ANSWER = new Error('the connection ended without an answer');

/** The agent tells by words alone that it has blocked an address. */
function reasonOf(error: unknown): NoAnswer {
  return / is not allowed\. Because/.test(String(error)) ? 'blocked' : 'unreachable';
}
