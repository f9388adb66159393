import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { bearerOf, type Principal, ROLES } from '#access';

/** Marks a call that a peer has handed on: it is handed on no further. The value says nothing. */
export const FORWARDED = 'berth-forwarded';
/** Names the caller of a call that a peer has handed on. It is believed under the key of the peers alone. */
export const PRINCIPAL = 'berth-principal';

/** The caller of a call that a peer has handed on. */
export interface NamedCaller {
  readonly principal: Principal;
  /** The address that it called from; null: it is not known. */
  readonly address: string | null;
}

/** A peer that calls for itself: it may watch routes and report their use. */
export const PEER: Principal = { credential: 'peer', tenant: 'peer', role: 'gateway', maxClass: null };

const text = z.string().min(1).max(2_048);

const namedSchema = z.strictObject({
  principal: z.strictObject({
    credential: text,
    tenant: text,
    role: z.enum(ROLES),
    maxClass: z.enum(['critical', 'default', 'sheddable']).nullable(),
    maxLeaseMs: z.number().optional(),
  }),
  address: z.string().max(64).nullable(),
});

/** The key that the peers know each other by. */
export class PeerKey {
  private readonly digest: Buffer | null;

  /** @param key null: there is none, and no call is believed to come from a peer. */
  constructor(private readonly key: string | null) {
    this.digest = key === null ? null : digestOf(key);
  }

  /** Whether a call under the key can name its caller. */
  get isSet(): boolean {
    return this.key !== null;
  }

  /** What a call of a peer presents, and names its caller with; `caller` null: it calls for itself. Without a key it is nothing. */
  headersOf(caller: NamedCaller | null): Record<string, string> {
    if (this.key === null) return {};
    const named = caller && Buffer.from(JSON.stringify(caller, withoutMayName)).toString('base64url');
    return { authorization: `Bearer ${this.key}`, ...(named !== null && { [PRINCIPAL]: named }) };
  }

  /**
   * The headers, or the metadata, of a call that is handed on in the name of a caller. Of the headers of the caller the leader is
   * told those in `names`, and `authorization` where the peers have no key; it is told no others. A call without an Idempotency-Key
   * is given one, so that a second try changes nothing that the first one has changed; where it writes nothing that key says nothing.
   */
  handedOn(
    caller: NamedCaller | null,
    names: readonly string[] = [],
    given: (name: string) => string | undefined = () => undefined,
  ): Record<string, string> {
    const told = (this.isSet ? names : [...names, 'authorization']).flatMap((name) => {
      const value = given(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      'idempotency-key': randomUUID(),
      ...Object.fromEntries(told),
      ...this.headersOf(caller),
      [FORWARDED]: '1',
    };
  }

  /**
   * The caller of a call under the key: the one that the peer names, or the peer itself. Null: the call is not under the key, or
   * names its caller in no way that is understood; then what else it presents decides.
   */
  callerOf(authorization: readonly string[], named: string | undefined): NamedCaller | null {
    if (this.digest === null || authorization.length !== 1) return null;
    const key = bearerOf(authorization[0]!);
    if (key === null || !timingSafeEqual(digestOf(key), this.digest)) return null;
    return named === undefined ? { principal: PEER, address: null } : namedIn(named);
  }
}

/** The leader has no use for it: names are put in the place of the caller's own where its call arrives. */
const withoutMayName = (key: string, value: unknown): unknown => (key === 'mayName' ? undefined : value);

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

function namedIn(header: string): NamedCaller | null {
  try {
    const read = namedSchema.safeParse(JSON.parse(Buffer.from(header, 'base64url').toString()));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
