/**
 * A text without what Triton leaves open: where a file lies on one machine, which of several versions failed first, and
 * which of several steps that do not serve it names. For a step that it did not try to load just now Triton reads memory
 * that is not its own, so that the text may be anything, or nothing.
 */
export function plainText(text: string): string {
  const withoutPlaces = text.replaceAll(/\n*At:\n( {2}.*\n)+/g, '').trim();
  if (withoutPlaces === '' || / depends on '/.test(withoutPlaces)) return 'a step does not serve';
  return withoutPlaces.replace(FAILED_VERSIONS, (failures) =>
    failures.match(FAILED_VERSION)!.sort().join(''),
  );
}

const FAILED_VERSION = /version \d+ is at [A-Z]+ state: .*?;(?=version |$)/gs;
const FAILED_VERSIONS = /version \d+ is at [A-Z]+ state: .*;$/s;
