/** `standardwebhooks` for Python: the Python that has it, or what is missing in words that complete "missing: …". */
export type StandardWebhooks =
  { readonly ok: true; readonly python: string } | { readonly ok: false; readonly missing: string };

/** What is installed; quick, and changes nothing. */
export function installedStandardWebhooks(): StandardWebhooks;
