/** A longer header is refused before anything is made of it. */
const MAX_CHARACTERS = 8_192;

const SCHEME = 'bearer ';

/** The credential in a header `Authorization: Bearer ...`; null where it is longer than 8 KiB, or of another scheme. Never throws. */
export function bearerOf(header: string): string | null {
  if (header.length > MAX_CHARACTERS || header.length <= SCHEME.length) return null;
  if (header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return null;
  return header.slice(SCHEME.length);
}
