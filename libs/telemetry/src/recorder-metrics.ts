import { Counter, Gauge, type Registry } from 'prom-client';

/** Whether turns are recorded, and how many are missing. */
export class RecorderMetrics {
  private readonly recording: Gauge;
  private readonly dropped: Counter;
  private readonly failures: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.recording = new Gauge({
      name: 'berth_recorder_recording',
      help: 'Whether turns are recorded: 1 or 0.',
      registers,
    });
    this.dropped = new Counter({
      name: 'berth_recorder_turns_dropped_total',
      help: 'Turns that were not recorded because the disk was slower than they were.',
      registers,
    });
    this.failures = new Counter({
      name: 'berth_recorder_failures_total',
      help: 'How often the recording ended by itself; only a restart begins it anew.',
      registers,
    });
  }

  began(): void {
    this.recording.set(1);
  }

  droppedTurns(turns: number): void {
    this.dropped.inc(turns);
  }

  failed(): void {
    this.recording.set(0);
    this.failures.inc();
  }
}
