import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';

/** An unknown key id makes us ask the issuer again, but not sooner than this after its last answer. */
const COOLDOWN_MS = 30_000;
/** However often it is wanted, and whatever came of it: the issuer is asked again after so long. */
const PAUSE_MS = 5_000;
/** Keys that the issuer has withdrawn are forgotten after so long. */
const RENEW_MS = 600_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 2 ** 20;

/** Told in which words the public keys of an issuer could not be had. */
export type OnKeysMissing = (issuer: string, cause: string) => void;

/** The public keys of one issuer, fetched when they are first needed. They stay good while the issuer does not answer. */
export class IssuerKeys {
  private readonly remote;
  private askedAt = -Infinity;
  private renewedAt = -Infinity;

  /** `now` tells the time of day in milliseconds. */
  constructor(
    private readonly issuer: string,
    url: string,
    private readonly now: () => number,
    private readonly onMissing: OnKeysMissing,
  ) {
    this.remote = createRemoteJWKSet(new URL(url), {
      cooldownDuration: COOLDOWN_MS,
      timeoutDuration: TIMEOUT_MS,
      cacheMaxAge: Infinity,
      [customFetch]: this.fetched,
    });
  }

  /** Finds the key of a token. Rejects where the issuer has no such key, or was not reached yet. */
  readonly find: JWTVerifyGetKey = (header, token) => {
    const now = this.now();
    if (hasPassed(this.renewedAt, RENEW_MS, now)) {
      this.renewedAt = now;
      this.remote.reload().catch(() => undefined);
    }
    return this.remote(header, token);
  };

  private readonly fetched: FetchImplementation = async (url, options) => {
    const now = this.now();
    if (!hasPassed(this.askedAt, PAUSE_MS, now)) throw new Error('the issuer was asked just now');
    this.askedAt = now;
    try {
      return Response.json(await keySetAt(url, options));
    } catch (error) {
      this.onMissing(this.issuer, causeOf(error));
      throw error;
    }
  };
}

/** A clock that was set back does not make us wait for it. */
const hasPassed = (since: number, millis: number, now: number): boolean =>
  now < since || now - since >= millis;

async function keySetAt(url: string, options: RequestInit): Promise<JSONWebKeySet> {
  const response = await fetch(url, options);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer has the status ${response.status}`);
  }
  return keySetIn(await textOf(response));
}

function keySetIn(text: string): JSONWebKeySet {
  try {
    const keys = JSON.parse(text) as JSONWebKeySet;
    createLocalJWKSet(keys);
    return keys;
  } catch {
    throw new Error('the answer is no JSON Web Key Set');
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  const { message, cause } = error as { message?: unknown; cause?: { code?: unknown } };
  return String(cause?.code ?? message);
}
