import { describe, expect, it } from '@jest/globals';
import { Metrics } from './metrics.js';

describe('the counts of the recorder', () => {
  it('say whether it records, what it dropped, and that it has failed', async () => {
    let now = 0;
    const metrics = new Metrics({ now: () => (now += 1_000) });
    expect(String(await metrics.text())).toContain('berth_recorder_recording 0');
    metrics.counts.recording.set(1);
    metrics.counts.turnsDropped.inc(3);
    expect(String(await metrics.text())).toContain('berth_recorder_recording 1');
    metrics.counts.recording.set(0);
    metrics.counts.recordingFailures.inc();
    const text = String(await metrics.text());
    expect(text).toContain('berth_recorder_recording 0');
    expect(text).toContain('berth_recorder_turns_dropped_total 3');
    expect(text).toContain('berth_recorder_failures_total 1');
  });
});
