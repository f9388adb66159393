import type { Metadata } from '@grpc/grpc-js';
import { type Access, ANONYMOUS, type Principal } from '#access';
import { Refused } from '../errors/refused.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import type { Guard, JudgedCall, Refusal } from '../grpc/call-bounds.js';
import { PRINCIPAL, type PeerKey } from './peer-key.js';
import { noteSignedIn } from '../limits/socket-bound.js';
import { admit, demand } from './admit.js';
import { namesShownOn } from './certificate-names.js';
import { needsOf } from './operations.js';
import { noteAddress, notePrincipal } from './principals.js';

/** Lets only callers with the right of a method reach it, before anything of a message is read. */
export function guardGrpc(access: () => Access, errors: RpcErrors, peers?: PeerKey): Guard {
  return (call, metadata, go) => {
    const admitted = (principal: Principal | null): void => {
      if (principal !== null) {
        notePrincipal(metadata, principal);
        if (call.socket) noteSignedIn(call.socket);
      }
      go(metadata);
    };
    const refuse = (error: unknown): void => call.inner.sendStatus(errors.of(error) as Refusal);
    let found: ReturnType<typeof callerOf>;
    try {
      found = (peers?.isSet && callerByPeer(call, metadata, peers)) || callerOf(call, metadata, access());
    } catch (error) {
      return refuse(error);
    }
    if (found instanceof Promise) found.then(admitted, refuse);
    else admitted(found);
  };
}

/** The caller that a peer names, or the peer itself; null: no peer calls. */
function callerByPeer({ path }: JudgedCall, metadata: Metadata, peers: PeerKey): Principal | null {
  const named = metadata.get(PRINCIPAL)[0]?.toString();
  const found = peers.callerOf(metadata.get('authorization').map(String), named);
  const needs = needsOf(path);
  if (found === null || needs === undefined) return null;
  if (needs !== 'nothing') demand(found.principal, needs);
  noteAddress(metadata, found.address);
  return found.principal;
}

function callerOf(
  call: JudgedCall,
  metadata: Metadata,
  access: Access,
): Principal | null | Promise<Principal> {
  if (!access.isOn) return ANONYMOUS;
  const needs = needsOf(call.path);
  if (needs === undefined) throw new Refused({ reason: 'not_allowed', detail: NO_RIGHT });
  if (needs === 'nothing') return null;
  const authorization = metadata.get('authorization').map(String);
  return admit(access, { authorization, sans: sansOf(call) }, needs);
}

const NO_RIGHT = 'no right is known for this method';

/** grpc-js shows a certificate only where an authority that we trust has signed it. */
function sansOf({ socket, inner }: JudgedCall): readonly string[] {
  if (socket === undefined) return [];
  return namesShownOn(socket, () => inner.getAuthContext().sslPeerCertificate?.subjectaltname);
}
