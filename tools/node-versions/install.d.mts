/** One other Node version: where it is, or what is missing in words that complete "missing: …". */
export type NodeVersion =
  | { readonly ok: true; readonly version: string; readonly path: string }
  | { readonly ok: false; readonly version: string; readonly missing: string };

/** Installs those that are not there yet. Never throws for what this machine lacks: it says what is missing. */
export function installNodeVersions(): Promise<readonly NodeVersion[]>;

/** What is there, version by version; quick, and changes nothing. */
export function installedNodeVersions(): readonly NodeVersion[];
