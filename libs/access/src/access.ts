import type { Principal } from './principal.js';

/** What a call presents of its caller. */
export interface Presented {
  /** The values of the header `Authorization`: more than one is refused. */
  readonly authorization: readonly string[];
  /** The subject alternative names of a verified client certificate (`URI:...`, `DNS:...`); none where there is none. */
  readonly sans: readonly string[];
}

/** Why no caller is signed in: no valid credential was presented, or too many tokens are being verified. */
export type Unsigned = 'not_signed_in' | 'busy';

/** Finds the caller by what a call presents. */
export interface Access {
  /** Where it is off every call is made by `ANONYMOUS`. */
  readonly isOn: boolean;
  /** At once, but for a token that was not seen before. Never throws, and tells nothing of the credential. */
  signIn(presented: Presented): Principal | Unsigned | Promise<Principal | Unsigned>;
}
