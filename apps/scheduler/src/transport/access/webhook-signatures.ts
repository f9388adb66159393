import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WallClock } from '../wall-times.js';

/** A message may be so many seconds older or younger than our clock says. */
const TOLERANCE_S = 300;
/** Signatures of one message that are checked: a sender that changes its secret signs with both. */
const MAX_SIGNATURES = 16;

/** What a sender says of a message beside its body: the three headers of Standard Webhooks. */
export interface SignedHead {
  readonly id: string | undefined;
  /** Whole seconds since 1970. */
  readonly timestamp: string | undefined;
  /** Signatures with a blank between two: `v1,` and the base64 of an HMAC-SHA256. */
  readonly signature: string | undefined;
}

/** Checks signatures of Standard Webhooks by several secrets, any of which will do. */
export class Signatures {
  constructor(
    private secrets: readonly Uint8Array[],
    private readonly wallNow: WallClock,
  ) {}

  /** Takes up other secrets. */
  take(secrets: readonly Uint8Array[]): void {
    this.secrets = secrets;
  }

  /** Whether there is a secret to check by. */
  get areKnown(): boolean {
    return this.secrets.length > 0;
  }

  /** Whether one of the secrets has signed these very bytes, lately. The time it takes does not tell how much of a signature fits. */
  areGood({ id = '', timestamp = '', signature = '' }: SignedHead, body: Buffer): boolean {
    if (id === '' || !/^[0-9]{1,12}$/.test(timestamp)) return false;
    if (Math.abs(this.wallNow() / 1_000 - Number(timestamp)) > TOLERANCE_S) return false;
    const given = signature.split(' ', MAX_SIGNATURES).flatMap(digestIn);
    if (given.length === 0) return false;
    const head = `${id}.${timestamp}.`;
    return this.secrets.some((secret) => {
      const right = createHmac('sha256', secret).update(head).update(body).digest();
      return given.some((digest) => timingSafeEqual(digest, right));
    });
  }
}

const DIGEST_BYTES = 32;

function digestIn(signature: string): Buffer[] {
  if (!signature.startsWith('v1,')) return [];
  const digest = Buffer.from(signature.slice('v1,'.length), 'base64');
  return digest.length === DIGEST_BYTES ? [digest] : [];
}
