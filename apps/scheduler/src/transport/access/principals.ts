import type { Metadata } from '@grpc/grpc-js';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#access';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; null until it is admitted, and where the route needs nothing. */
    principal: Principal | null;
    /** The address of the caller, where a peer has handed the call on; null: that of the connection. */
    calledFrom: string | null;
  }
}

const KEY = 'berth.principal';

/** Notes the caller on the metadata of its gRPC call. The caller itself cannot write there. */
export const notePrincipal = (metadata: Metadata, principal: Principal): void =>
  metadata.setOpaque(KEY, principal);

const ADDRESS = 'berth.address';

/** Notes the address of the caller, where a peer has handed the call on. */
export const noteAddress = (metadata: Metadata, address: string | null): void =>
  metadata.setOpaque(ADDRESS, address);

/** The address of the caller that a peer has told; null: none has. */
export const notedAddress = (metadata: Metadata): string | null =>
  (metadata.getOpaque(ADDRESS) as string | null | undefined) ?? null;

/** The credential of the caller over gRPC; empty: it has not signed in. */
export const credentialOverGrpc = (metadata: Metadata): string =>
  (metadata.getOpaque(KEY) as Principal | undefined)?.credential ?? '';

/** The caller over HTTP. Throws where none was admitted: no handler works without a caller. */
export const principalOverHttp = ({ principal }: Pick<FastifyRequest, 'principal'>): Principal =>
  admitted(principal);

/** The same over gRPC. */
export const principalOverGrpc = (metadata: Metadata): Principal =>
  admitted(metadata.getOpaque(KEY) as Principal | undefined);

function admitted(principal: Principal | null | undefined): Principal {
  if (!principal) throw new Error('a handler asks for the caller of a call that was not admitted');
  return principal;
}
