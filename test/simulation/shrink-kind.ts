/** What follows them tells more about the fleet than about the promise. */
const WORDS = 10;

/**
 * What sort of promise a failure is about: its words without the names, numbers and moments, so that the failure of a
 * shrunk plan can be held against that of the whole one.
 */
export function kindOfFailure(failure: string): string {
  const [, promise = failure] = /^at [\d.]+ ms: ([^]*)$/.exec(failure) ?? [];
  const [first = promise] = promise.split(/[;\n]/);
  const words = first.replace(/[[{(].*$/, '').split(/[\s,]+/);
  return words
    .filter((word) => /^[a-z:'-]+$/i.test(word))
    .slice(0, WORDS)
    .join(' ');
}

/** The same, as a name of a file. */
export function slugOf(failure: string): string {
  const slug = kindOfFailure(failure)
    .toLowerCase()
    .replace(/[^a-z]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug.slice(0, 60).replace(/-+$/, '') || 'a-promise';
}
