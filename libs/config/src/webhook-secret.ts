/** The Standard Webhooks specification wants so many bytes. */
const LEAST_BYTES = 24;
const MAX_BYTES = 64;

/** What a secret is, for the rules of files that have some. */
export const SECRET_TEXT = `whsec_ and the base64 of ${LEAST_BYTES} to ${MAX_BYTES} bytes`;

/** The secrets in a file, one a line; undefined where it holds anything else, none, or more than `most`. */
export function secretsIn(content: string, most: number): Uint8Array[] | undefined {
  const lines = content.split(/\r?\n/).filter((line) => line !== '');
  const secrets = lines.flatMap((line) => {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})$/.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    return bytes.length >= LEAST_BYTES && bytes.length <= MAX_BYTES ? [new Uint8Array(bytes)] : [];
  });
  const isGood = lines.length === secrets.length && lines.length >= 1 && lines.length <= most;
  return isGood ? secrets : undefined;
}
