/** Hooks of a module that several specs share: it is read once, and the hooks are for each spec. */
const registered = [];

export function inEachSpec(register) {
  registered.push(register);
  register();
}

/** Before a spec is read, for those that an earlier one brought along. */
export function beginSpec() {
  for (const register of registered) register();
}
