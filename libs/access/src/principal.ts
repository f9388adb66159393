/** What a credential lets its holder do: see `RIGHTS`. */
export const ROLES = ['gateway', 'autoscaler', 'viewer', 'operator', 'admin', 'metrics'] as const;

export type Role = (typeof ROLES)[number];

/** The highest class that a caller may ask for. */
export type MaxClass = 'critical' | 'default' | 'sheddable';

/** The caller of an operation, as its credential names it. */
export interface Principal {
  /** Of a key its id, of a JWT `iss|sub`, of a certificate its SAN. */
  readonly credential: string;
  /** For which shares are counted. */
  readonly tenant: string;
  readonly role: Role;
  /** A request above it is refused as `not_allowed`; null: no request is. */
  readonly maxClass: MaxClass | null;
}

/** The caller of every operation where authentication is off. */
export const ANONYMOUS: Principal = {
  credential: 'anonymous',
  tenant: 'anonymous',
  role: 'admin',
  maxClass: null,
};
