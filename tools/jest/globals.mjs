/** What specs import from `@jest/globals`: each time that of the runner that plays the spec. */
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it;

export function offer(globals) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } = globals);
}
