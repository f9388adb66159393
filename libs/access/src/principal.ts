/** What a credential lets its holder do: see `RIGHTS`. */
export const ROLES = ['gateway', 'autoscaler', 'viewer', 'operator', 'admin', 'metrics'] as const;

export type Role = (typeof ROLES)[number];

/** The highest class that a caller may ask for. */
export type MaxClass = 'critical' | 'default' | 'sheddable';

/** What a caller may name of its requests. */
export type Nameable = 'tenant' | 'class';

/** The caller of an operation, as its credential names it. */
export interface Principal {
  /** Of a key its id, of a JWT `iss|sub`, of a certificate its SAN. */
  readonly credential: string;
  /** For which shares are counted. */
  readonly tenant: string;
  readonly role: Role;
  /** A request above it is refused as `not_allowed`; null: no request is. */
  readonly maxClass: MaxClass | null;
  /** Longer leases are cut to it, in milliseconds; left out: as the class has it. */
  readonly maxLeaseMs?: number | undefined;
  /** What it may name for each of its requests, in the place of its own; left out: nothing. */
  readonly mayName?: readonly Nameable[] | undefined;
}

const LEASE_MS = 600_000;
const LEASE_OF_SHEDDABLE_MS = 60_000;

/** The longest lease that a caller is given, in milliseconds: of the lowest class none that keeps others out for long. */
export const longestLeaseOf = ({ maxClass, maxLeaseMs }: Principal): number =>
  maxLeaseMs ?? (maxClass === 'sheddable' ? LEASE_OF_SHEDDABLE_MS : LEASE_MS);

/** The caller of every operation where authentication is off. */
export const ANONYMOUS: Principal = {
  credential: 'anonymous',
  tenant: 'anonymous',
  role: 'admin',
  maxClass: null,
};
