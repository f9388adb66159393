/** `register` defines hooks, now and again for each later spec of this process. */
export function inEachSpec(register: () => void): void;
