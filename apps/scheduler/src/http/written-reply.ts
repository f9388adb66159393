import type { FastifyReply } from 'fastify';
import type { PageMessage } from '#contracts';
import { goneOverHttp } from '../caller-gone.js';
import { callerOf, entityTag, type Caller } from '../writes/caller.js';
import type { Written } from '../writes/writes.js';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The caller of a write: the conditions in the request's headers, and whether it is still there. */
export const callerIn = (headers: Headers, { raw }: FastifyReply): Caller =>
  callerOf((name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  }, goneOverHttp(raw));

/** Answers a write: its status, the revision as ETag, and what is there now. */
export async function replied<Body>(
  reply: FastifyReply,
  written: Promise<Written<Body>>,
): Promise<Body | undefined> {
  const { status, body } = await written;
  void reply.status(status);
  return status === 204 ? undefined : tagged(reply, body);
}

/** Answers a page of which the items are written already. */
export async function listed(reply: FastifyReply, page: Promise<PageMessage<string>>): Promise<string> {
  const { items, nextPageToken } = await page;
  void reply.type('application/json; charset=utf-8');
  return `{"items":[${items.join(',')}],"nextPageToken":${JSON.stringify(nextPageToken)}}`;
}

/** Adds the ETag where the thing has a revision. */
export function tagged<Body>(reply: FastifyReply, body: Body): Body {
  const { revision } = (body ?? {}) as { readonly revision?: string };
  if (revision !== undefined) void reply.header('etag', entityTag(revision));
  return body;
}
