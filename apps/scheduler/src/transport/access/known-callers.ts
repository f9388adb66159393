import type { Logger } from 'pino';
import { SignIn } from '#access';
import { type AuthConfig, type Config, isBeyondLoopback } from '#config';
import { type AdminKey, adminKeyIn } from './admin-key.js';
import type { WallClock } from '../wall-times.js';

interface Parts {
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly wallNow: WallClock;
}

/**
 * Which callers there are: those of the configuration. Where it tells of none, the holder of the admin key is the only one
 * beyond loopback, and on loopback any client may do all.
 */
export class KnownCallers {
  private constructor(
    /** Finds them by their credentials. */
    readonly access: SignIn,
    private readonly admin: AdminKey | null,
  ) {}

  /** Makes the key of the admin where it is needed and not there. Rejects with `AdminKeyUnusable`. */
  static async of(config: Config, { log, wallNow }: Parts): Promise<KnownCallers> {
    const needsOne = isBeyondLoopback(config) && !config.insecureListen;
    const admin = needsOne && config.auth === null ? await adminKeyIn(config.data) : null;
    if (admin !== null)
      log.info({ path: admin.path }, 'no credentials are configured: the admin is the only caller');
    const access = new SignIn(wallNow, (issuer, cause) =>
      log.warn({ issuer, cause }, 'the public keys of an issuer of tokens are not answered'),
    );
    const callers = new KnownCallers(access, admin);
    callers.take(config.auth);
    return callers;
  }

  /** The file with the only key there is; null where the configuration tells of credentials, or none are needed. */
  get adminKeyFile(): string | null {
    return this.admin?.path ?? null;
  }

  /**
   * Takes up the credentials of another configuration. What is listened on stays, and so does whether callers need a credential:
   * null only where the one before was.
   */
  take(auth: AuthConfig | null): void {
    this.access.take(auth ?? (this.admin && authOf(this.admin)));
  }
}

const authOf = ({ hash }: AdminKey): AuthConfig => ({
  keys: [{ id: 'admin', hash, role: 'admin', tenant: null, maxClass: null, expiresAt: null }],
  jwt: [],
  certificates: [],
});
