import type { Finding } from './errors.js';
import { contentOf, type ServerFiles } from './server-files.js';

/** The Standard Webhooks specification wants so many bytes. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
const SECRET_RULE = `must name a file with whsec_ and the base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes`;

/** The secret in a file, in base64 and without its prefix; none where it could not be read, which is then among what was `found`. */
export function secretIn(name: string, files: ServerFiles, at: Finding['at'], found: Finding[]): string[] {
  const content = contentOf(name, files, at, found);
  if (content === undefined) return [];
  const [, base64] = /^\s*whsec_([A-Za-z0-9+/]{32,88}={0,2})\s*$/.exec(content) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64').length;
  if (base64 !== undefined && bytes >= LEAST_BYTES && bytes <= MOST_BYTES) return [base64];
  found.push({ at, rule: SECRET_RULE });
  return [];
}
