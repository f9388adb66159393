/** What is wrong with a recording: in which line, at which field of it, and which rule it breaks. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';

  constructor(
    /** Counted from 1. */
    readonly line: number,
    /** Such as `events[0].kind`; empty where it is the line as a whole. */
    readonly field: string,
    readonly rule: string,
    /** The number of the last turn that is whole and right; null where there is none. */
    readonly lastTurn: number | null = null,
    /** Whether the file simply ends too early, as it does where the process died while it wrote. */
    readonly isCut = false,
  ) {
    super(`line ${line}${field === '' ? '' : `, ${field}`}: ${rule}`);
  }
}
