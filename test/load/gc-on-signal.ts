/** Loaded before a program (`--import`, with `--expose-gc`): it then lets go of its garbage when it is told to. */
const { gc } = globalThis;

process.on('SIGUSR2', () => gc?.());
