import { lookup, type LookupAddress } from 'node:dns';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import type { Millis } from '#core';
import { isMetadataAddress } from '#config';
import type { WebhookClient, WebhookRequest, NoAnswer, WebhookResponse, Target } from './webhook-client.js';

/** An answer with longer headers counts as none. */
const MAX_HEADER_BYTES = 16 * 1_024;

/**
 * Each address is checked when it is connected to: a name may lead elsewhere the next time. The agent is given no list of
 * addresses, since it prints a stack trace for each of its ranges of the other family.
 */
const agentsFor = (allowPrivateIPAddress: boolean) => {
  const filter = { allowPrivateIPAddress, keepAlive: false };
  return { 'http:': new RequestFilteringHttpAgent(filter), 'https:': new RequestFilteringHttpsAgent(filter) };
};

/** Posts over real HTTP. Of an answer only the head is read. */
export class HttpWebhookClient implements WebhookClient {
  private readonly open = agentsFor(true);
  private readonly guarded = agentsFor(false);

  async post(
    request: WebhookRequest,
    target: Target,
    patience: Millis,
    signal: AbortSignal,
  ): Promise<WebhookResponse> {
    if (signal.aborted) return { failure: 'stopped' };
    const call = new AbortController();
    const end = (): void => call.abort();
    const late = setTimeout(end, patience);
    signal.addEventListener('abort', end);
    try {
      return await this.send(request, target, call.signal);
    } catch (error) {
      if (signal.aborted) return { failure: 'stopped' };
      return { failure: call.signal.aborted ? 'timed_out' : reasonOf(error) };
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', end);
    }
  }

  private send(
    { headers, body }: WebhookRequest,
    { url, allowPrivate }: Target,
    signal: AbortSignal,
  ): Promise<WebhookResponse> {
    const to = new URL(url);
    const host = to.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && isMetadataAddress(host)) return Promise.reject(new TellsSecrets());
    const isTls = to.protocol === 'https:';
    const agent = (allowPrivate ? this.open : this.guarded)[isTls ? 'https:' : 'http:'];
    const options = {
      method: 'POST',
      headers,
      agent,
      signal,
      maxHeaderSize: MAX_HEADER_BYTES,
      lookup: harmless,
    };
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

/** Nothing is posted to where clouds tell their machines secrets, whatever an endpoint allows. */
class TellsSecrets extends Error {}

/** As DNS says, but for a name that leads to secrets. */
const harmless: LookupFunction = (name, options, done) =>
  lookup(name, options, (error: Error | null, found: string | LookupAddress[], family?: number) => {
    const all = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
    done(all.some(isMetadataAddress) ? new TellsSecrets() : error, found, family);
  });

/** A connection may end without an answer and without an error: so it does after `101 Switching Protocols`. */
const NO_ANSWER = new Error('the connection ended without an answer');

/** The agent tells by words alone that it has blocked an address. */
function reasonOf(error: unknown): NoAnswer {
  if (error instanceof TellsSecrets) return 'blocked';
  return / is not allowed\. Because/.test(String(error)) ? 'blocked' : 'unreachable';
}
