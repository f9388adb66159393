/** Envoy: the Python that has it, or what is missing in words that complete "missing: …". */
export type Envoy =
  { readonly ok: true; readonly python: string } | { readonly ok: false; readonly missing: string };

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export function installEnvoy(): Promise<Envoy>;

/** What is installed; quick, and changes nothing. */
export function installedEnvoy(): Envoy;
