/** Where specs run: the process as it is. Jest wants globals that it can add to. */
export default class BareProcess {
  /** Without the process: Jest would wrap its `exit` once more for each spec. */
  global = Object.create(globalThis, { process: { value: undefined } });
  /** No spec mocks with Jest, which asks for these nevertheless. */
  moduleMocker = { restoreAllMocks: () => undefined };
  fakeTimers = null;
  fakeTimersModern = null;

  async setup() {}
  async teardown() {}

  getVmContext() {
    return null;
  }
}
