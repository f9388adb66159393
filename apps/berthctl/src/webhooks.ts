import { z } from 'zod';
import {
  counted,
  type DeadLetterMessage,
  deadLetterSchema,
  pageSchema,
  replayedSchema,
  table,
  type WebhookEndpointMessage,
  webhookEndpointsSchema,
  webhookTestSchema,
} from '#contracts';
import { ask } from './answers.js';
import { Failed, Refused, Usage } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

const LARGEST_PAGE = 1_000;
/** As many as Berth keeps: 1,000 of each endpoint, some of which the configuration does not have any more. */
const MAX_LETTERS = 100_000;

/** `webhooks endpoints`. */
export async function listEndpoints(work: Work): Promise<void> {
  const items = await endpointsOf(work);
  work.terminal.out(work.isJson ? jsonLines(items) : tableOf(items));
  if (items.length === 0) work.terminal.err(['the configuration has no endpoints']);
}

/** `webhooks test ENDPOINT`: by its name, or by a URL with the same origin. Throws where the event was not delivered. */
export async function testEndpoint(work: Work, endpoint: string): Promise<void> {
  const name = endpoint.includes('://') ? await nameAt(work, endpoint) : endpoint;
  const path = `/v1/webhooks/endpoints/${encodeURIComponent(name)}/test`;
  const answer = await ask(work.asking(), { method: 'POST', path, waitMs: 10_000 }, webhookTestSchema);
  const { result, status, tookMs } = answer;
  const said = status === null ? result : `${result}, HTTP ${status}`;
  const sentence = `${name}: ${said}, after ${tookMs} ms`;
  work.terminal.out(work.isJson ? jsonLines(answer) : [sentence]);
  if (result !== 'delivered') throw new Failed(`${name} did not take the event: ${said}`, HINTS[result]);
}

/** `webhooks dead-letters`. */
export async function listLetters(
  work: Work,
  { last, endpoint }: { readonly last: number; readonly endpoint?: string },
): Promise<void> {
  const letters = await lettersOf(work, last, endpoint);
  work.terminal.out(work.isJson ? jsonLines(letters) : letterTable(letters));
  if (letters.length === 0) work.terminal.err(['no dead letters']);
}

/** `webhooks replay` and `webhooks drop`: of one dead letter, or of all. A letter that is gone meanwhile counts as done. */
export async function eachLetter(
  work: Work,
  verb: 'replay' | 'drop',
  id: string | undefined,
  { all = false, endpoint }: { readonly all?: boolean; readonly endpoint?: string },
): Promise<void> {
  if (all === (id !== undefined)) throw new Usage('give the id of a dead letter, or --all');
  if (endpoint !== undefined && !all) throw new Usage('--endpoint goes with --all');
  if (id !== undefined) await perform(work, verb, id);
  const ids = id === undefined ? await performAll(work, verb, endpoint) : [id];
  const done = verb === 'replay' ? 'sent again' : 'dropped';
  work.terminal.out(work.isJson ? jsonLines({ ids }) : [`${counted(ids.length, 'event')} ${done}`]);
}

/** The oldest first. */
async function performAll(work: Work, verb: 'replay' | 'drop', endpoint?: string): Promise<string[]> {
  const letters = (await lettersOf(work, MAX_LETTERS, endpoint)).reverse();
  for (const { id } of letters) {
    await perform(work, verb, id).catch((error: unknown) => {
      if (!(error instanceof Refused) || reasonOf(error) !== 'unknown_dead_letter') throw error;
    });
  }
  return letters.map(({ id }) => id);
}

async function perform(work: Work, verb: 'replay' | 'drop', id: string): Promise<void> {
  const path = `/v1/webhooks/dead-letters/${encodeURIComponent(id)}`;
  if (verb === 'drop') await ask(work.asking(), { method: 'DELETE', path }, z.unknown());
  else await ask(work.asking(), { method: 'POST', path: `${path}/replay` }, replayedSchema);
}

const reasonOf = ({ problem }: Refused): unknown => (problem as { readonly reason?: unknown }).reason;

async function endpointsOf(work: Work): Promise<readonly WebhookEndpointMessage[]> {
  const question = { method: 'GET', path: '/v1/webhooks/endpoints' } as const;
  return (await ask(work.asking(), question, webhookEndpointsSchema)).items;
}

async function nameAt(work: Work, url: string): Promise<string> {
  if (!URL.canParse(url)) throw new Usage(`'${url}' is no URL`);
  const { origin } = new URL(url);
  const found = (await endpointsOf(work)).filter((one) => one.origin === origin);
  if (found.length === 1) return found[0]!.name;
  if (found.length === 0) throw new Failed(`the configuration has no endpoint at ${origin}`);
  throw new Failed(`several endpoints are at ${origin}: ${found.map(({ name }) => name).join(', ')}`);
}

async function lettersOf(work: Work, most: number, endpoint?: string): Promise<DeadLetterMessage[]> {
  const query = new URLSearchParams({ pageSize: String(Math.min(most, LARGEST_PAGE)) });
  if (endpoint !== undefined) query.set('endpoint', endpoint);
  const letters: DeadLetterMessage[] = [];
  for (;;) {
    const question = { method: 'GET', path: `/v1/webhooks/dead-letters?${query.toString()}` } as const;
    const { items, nextPageToken } = await ask(work.asking(), question, pageSchema(deadLetterSchema));
    letters.push(...items.slice(0, most - letters.length));
    if (nextPageToken === '' || letters.length >= most) return letters;
    query.set('pageToken', nextPageToken);
  }
}

function tableOf(endpoints: readonly WebhookEndpointMessage[]): string[] {
  if (endpoints.length === 0) return [];
  return table(
    [
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'ORIGIN', cell: ({ origin }) => origin },
      { title: 'STATE', cell: ({ state }) => state },
      { title: 'WAITING', cell: ({ waiting }) => String(waiting) },
      { title: 'DEAD', cell: ({ deadLetters }) => String(deadLetters) },
      { title: 'LAST TRY', cell: ({ lastTry }) => (lastTry ? `${lastTry.result} at ${lastTry.at}` : '') },
      { title: 'EVENTS', cell: ({ events }) => events.join(' ') },
    ],
    endpoints,
  );
}

function letterTable(letters: readonly DeadLetterMessage[]): string[] {
  if (letters.length === 0) return [];
  return table(
    [
      { title: 'ID', cell: ({ id }) => id },
      { title: 'ENDPOINT', cell: ({ endpoint }) => endpoint },
      { title: 'TYPE', cell: ({ type }) => type },
      { title: 'AT', cell: ({ at }) => at },
      { title: 'DEAD SINCE', cell: ({ deadSince }) => deadSince },
      { title: 'CAUSE', cell: ({ cause }) => cause },
      { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts) },
    ],
    letters,
  );
}

const HINTS: Readonly<Record<string, readonly string[]>> = {
  rejected: ['The log of the endpoint says why. Does it check the secret of secretFile?'],
  redirected: ['Redirects are not followed: put the address that it sends to into the configuration.'],
  gone: ['410 says that the endpoint wants no more events.'],
  timed_out: ['It has to answer within 10 s.'],
  unreachable: ['Check the address, the network, and the certificate of the endpoint.'],
  blocked: ['The address is private: set allowPrivate where that is meant.'],
};
