/** Schemathesis: the Python that has it, or what is missing in words that complete "missing: …". */
export type Schemathesis =
  { readonly ok: true; readonly python: string } | { readonly ok: false; readonly missing: string };

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export function installSchemathesis(): Promise<Schemathesis>;

/** What is installed; quick, and changes nothing. */
export function installedSchemathesis(): Schemathesis;
