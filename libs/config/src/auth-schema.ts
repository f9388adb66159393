import { z } from 'zod';
import { isLoopback } from './address.js';
import { choice, isNoKey, listOf, millis, name, unique } from './rules.js';

/** What a credential lets its holder do; the rights of each are a table of libs/access. */
const ROLES = ['gateway', 'autoscaler', 'viewer', 'operator', 'admin', 'metrics'] as const;

const MAX_KEYS = 10_000;
const MAX_ISSUERS = 16;
const MAX_GRANTS = 1_000;

const KEY_TAKEN_RULE = 'must be unique: another key has it too';
const TAKEN_RULE = 'must be unique: another entry has it too';
const HASH_RULE =
  'must be sha256: and 64 lower-case hexadecimal digits, the hash of a key and never the key (berthctl key new makes both)';
const IN_CLEAR_RULE = 'must not be a key: it would be in logs and in the audit';
const EXPIRES_RULE = 'must be a time of RFC 3339 like 2027-01-31T00:00:00Z';
const JWKS_RULE = 'must be an https:// URL, or http:// to a loopback address, without credentials';
const SAN_RULE =
  'must be URI: or DNS: and the name in the certificate, at most 2048 printable ASCII characters without spaces, commas or quotes';

const granted = {
  role: choice(ROLES).describe('What its holder may do.'),
  tenant: printable(256)
    .exactOptional()
    .describe('The tenant for which shares are counted. Left out: the credential itself.'),
  maxClass: choice(['critical', 'default', 'sheddable'])
    .exactOptional()
    .describe('The highest class that its holder may ask for. Left out: any.'),
  maxLeaseMs: millis(1, 600_000)
    .exactOptional()
    .describe('Longer leases are cut to it. Left out: 600000, or 60000 where maxClass is sheddable.'),
  mayName: listOf(choice(['tenant', 'class']), 2)
    .exactOptional()
    .describe(
      'What its holder may name for each request, as an Envoy does for its clients. Left out: nothing.',
    ),
};

const keySchema = z.strictObject({
  id: name.refine(isNoKey, { error: IN_CLEAR_RULE }).describe('The name of the key, for logs and the audit.'),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: HASH_RULE })
    .describe('The SHA-256 of the key. The key itself is in no file of Berth.'),
  ...granted,
  expires: z.iso
    .datetime({ offset: true, error: EXPIRES_RULE })
    .exactOptional()
    .describe('When the key stops to be valid. Left out: never.'),
});

const grantSchema = z.strictObject({
  claim: printable(256).describe('The claim of the token that is compared.'),
  equals: printable(1024).describe('The text that the claim has to be.'),
  ...granted,
});

const issuerSchema = z.strictObject({
  issuer: printable(2048).describe('The claim `iss` of its tokens.'),
  audience: printable(2048).describe('What the claim `aud` of its tokens has to name.'),
  jwks: z
    .string()
    .max(2048, { error: JWKS_RULE })
    .refine(isSafeUrl, { error: JWKS_RULE })
    .meta({ description: 'Where its public keys are.', format: 'uri', pattern: '^https?://' }),
  grants: listOf(grantSchema, MAX_GRANTS).describe('Who gets which role: the first that fits holds.'),
});

const certificateSchema = z.strictObject({
  san: z
    .string()
    .regex(/^(URI|DNS):(?=.{1,2048}$)[\x21\x23-\x2b\x2d-\x7e]+$/, { error: SAN_RULE })
    .describe('A subject alternative name of the client certificate.'),
  ...granted,
});

/** Which callers there are. */
export const authSchema = z.strictObject({
  keys: listOf(keySchema, MAX_KEYS)
    .check(
      unique(KEY_TAKEN_RULE, ({ id }) => id, 'id'),
      unique(KEY_TAKEN_RULE, ({ hash }) => hash, 'hash'),
    )
    .exactOptional()
    .describe('Keys, by their hashes.'),
  jwt: listOf(issuerSchema, MAX_ISSUERS)
    .check(unique(TAKEN_RULE, ({ issuer }) => issuer, 'issuer'))
    .exactOptional()
    .describe('Issuers of tokens (JWT).'),
  certificates: listOf(certificateSchema, MAX_GRANTS)
    .check(unique(TAKEN_RULE, ({ san }) => san, 'san'))
    .exactOptional()
    .describe('Client certificates.'),
});

/** What a credential gives its holder. */
type Granted = {
  readonly role: (typeof ROLES)[number];
  /** Null: the credential's own name is the tenant. */
  readonly tenant: string | null;
  /** Null: any class may be asked for. */
  readonly maxClass: 'critical' | 'default' | 'sheddable' | null;
  /** In milliseconds. Left out: as the class has it. */
  readonly maxLeaseMs?: number | undefined;
  /** Left out: nothing. */
  readonly mayName?: readonly ('tenant' | 'class')[] | undefined;
};

/** Which callers there are, complete. */
export type AuthConfig = {
  /** `hash` is 64 lower-case hexadecimal digits. `expiresAt` is in milliseconds since 1970; null: never. */
  readonly keys: readonly (Granted & {
    readonly id: string;
    readonly hash: string;
    readonly expiresAt: number | null;
  })[];
  readonly jwt: readonly {
    readonly issuer: string;
    readonly audience: string;
    readonly jwks: string;
    readonly grants: readonly (Granted & { readonly claim: string; readonly equals: string })[];
  }[];
  readonly certificates: readonly (Granted & { readonly san: string })[];
};

/** The section with what was left out. */
export function completeAuth({ keys = [], jwt = [], certificates = [] }: AuthFile): AuthConfig {
  return {
    keys: keys.map(({ id, hash, expires, ...grant }) => {
      const expiresAt = expires === undefined ? null : Date.parse(expires);
      return { id, hash: hash.slice('sha256:'.length), expiresAt, ...completeGrant(grant) };
    }),
    jwt: jwt.map(({ grants, ...issuer }) => {
      return { ...issuer, grants: grants.map((grant) => ({ ...grant, ...completeGrant(grant) })) };
    }),
    certificates: certificates.map((certificate) => ({ ...certificate, ...completeGrant(certificate) })),
  };
}

type AuthFile = z.infer<typeof authSchema>;
type GrantFile = Pick<
  NonNullable<AuthFile['certificates']>[number],
  'role' | 'tenant' | 'maxClass' | 'maxLeaseMs' | 'mayName'
>;

function completeGrant({ tenant, maxClass, ...rest }: GrantFile): Granted {
  return { ...rest, tenant: tenant ?? null, maxClass: maxClass ?? null };
}

/** A text for people and logs: it holds no control character, and so no line end, and no key. */
function printable(most: number) {
  return z
    .string()
    .regex(new RegExp(`^[^\\p{Cc}]{1,${most}}$`, 'u'), {
      error: `must have 1 to ${most} characters, none of them a control character`,
    })
    .refine(isNoKey, { error: IN_CLEAR_RULE });
}

/** What is fetched in the clear could be replaced on its way; on this machine there is no way. */
function isSafeUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  const isNear = isLoopback(hostname.replace(/^\[|\]$/g, ''));
  return username === '' && password === '' && (protocol === 'https:' || isNear);
}
