import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseMetrics } from './metrics-text.js';

const TEXT = `# HELP nv_gpu_memory_total_bytes GPU total memory, in bytes
# TYPE nv_gpu_memory_total_bytes gauge
nv_gpu_memory_total_bytes{gpu_uuid="GPU-b"} 25757220864.000000
nv_gpu_memory_total_bytes{gpu_uuid="GPU-a"} 2.5e10 1700000000000
nv_gpu_memory_used_bytes{gpu_uuid="GPU-a"} 1048576
nv_gpu_memory_used_bytes{gpu_uuid="GPU-b"} 0
nv_cpu_memory_total_bytes 134775574528.000000
nv_inference_pending_request_count{model="m",version="1"} 2
nv_inference_pending_request_count{version="2",model="m"} 3
nv_inference_pending_request_count{model="../m",version="1"} 9
nv_inference_count{model="m",version="1"} 7
`;

describe('the metrics of a Triton', () => {
  it('are read in the order of the GPUs, with what is pending summed over versions', () => {
    expect(parseMetrics(TEXT)).toEqual({
      gpus: [
        { uuid: 'GPU-b', memory: 25_757_220_864, used: 0 },
        { uuid: 'GPU-a', memory: 2.5e10, used: 1_048_576 },
      ],
      hostMemory: 134_775_574_528,
      pending: new Map([['m', 5]]),
    });
  });

  it.each([
    'nv_gpu_memory_used_bytes{gpu_uuid="GPU-b"',
    'nv_inference_pending_request_count{model="m",version="1"} NaN',
    'nv_gpu_memory_used_bytes{gpu_uuid="GPU-b"} 1 2 3',
    'nv_gpu_memory_used_bytes{gpu_uuid=GPU-b} 1',
    `nv_gpu_memory_used_bytes{gpu_uuid="${'x'.repeat(5_000)}"} 1`,
  ])('lose a line that does not parse: %#', (line) => {
    expect(parseMetrics(`${TEXT}${line}\n`)).toEqual(parseMetrics(TEXT));
  });

  it.each(['NaN', '-1', '+Inf', '1e999', 'x'])('say nothing of a GPU of which %s is in use', (value) => {
    const text = `${TEXT}nv_gpu_memory_used_bytes{gpu_uuid="GPU-b"} ${value}\n`;
    expect(parseMetrics(text)?.gpus[0]).toEqual({ uuid: 'GPU-b', memory: 0, used: 0 });
  });

  it.each(['total', 'used'])('say nothing of a GPU of which they tell the %s alone', (what) => {
    const text = `nv_gpu_memory_${what}_bytes{gpu_uuid="x"} 1\n`;
    expect(parseMetrics(text)?.gpus).toEqual([{ uuid: 'x', memory: 0, used: 0 }]);
  });

  it('say nothing of a host that has no memory', () => {
    expect(parseMetrics('nv_cpu_memory_total_bytes 0\n')?.hostMemory).toBeNull();
  });

  it('are nonsense where they show more GPUs than a server can have', () => {
    const show = (count: number) => {
      const lines = Array.from(
        { length: count },
        (_, at) => `nv_gpu_memory_total_bytes{gpu_uuid="${at}"} 1\n`,
      );
      return parseMetrics(lines.join(''));
    };
    expect(show(1_024)?.gpus).toHaveLength(1_024);
    expect(show(1_025)).toBeNull();
  });

  it('take labels with quotes, braces and backslashes in them', () => {
    const text = String.raw`nv_gpu_memory_total_bytes{a="}, \"",gpu_uuid="x\\y"} 1
nv_gpu_memory_used_bytes{gpu_uuid="x\\y",a="{"} 1`;
    expect(parseMetrics(text)?.gpus).toEqual([{ uuid: 'x\\y', memory: 1, used: 1 }]);
  });

  it.each(['', '<html>', 'process_cpu_seconds_total 1\n'])('are none in %j', (text) => {
    expect(parseMetrics(text)).toBeNull();
  });

  it('never throw, whatever the text', () => {
    const pieces = fc.constantFrom(
      'nv_',
      'nv_gpu_memory_total_bytes',
      '{',
      '}',
      'gpu_uuid="',
      '"',
      '\\',
      ' 1',
      '\n',
      ',',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    );
    fc.assert(fc.property(text, (random) => void parseMetrics(`nv_x 1\n${random}`)));
  });

  it('are read to their end, however nasty the line', () => {
    const nasty = `nv_x{${'} '.repeat(2_000)}\n`.repeat(50);
    expect(parseMetrics(nasty)).toEqual(parseMetrics('nv_x 1\n'));
  });
});
