/** A text without what names a place on one machine: the lines of a Python traceback. */
export function plainText(text: string): string {
  return text.replaceAll(/\n*At:\n( {2}.*\n)+/g, '').trim();
}
