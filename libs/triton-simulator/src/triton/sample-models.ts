import type { BackendKind, SimulatedModel } from './simulated-model.js';

/** One line of the sample: megabytes are MiB. */
interface Sample {
  readonly name: string;
  readonly backend: BackendKind;
  readonly gpuMb: number;
  readonly hostMb: number;
  readonly loadMs: number;
  readonly inferMs: number;
}

const MB = 2 ** 20;

/** Sizes and load times as people report them, from the vision models to the language models of a mixed fleet. */
const SAMPLES: readonly Sample[] = [
  { name: 'resnet50', backend: 'tensorrt', gpuMb: 420, hostMb: 160, loadMs: 2300, inferMs: 4 },
  { name: 'mobilenet-v2', backend: 'onnxruntime', gpuMb: 310, hostMb: 120, loadMs: 2200, inferMs: 3 },
  { name: 'yolov8m', backend: 'tensorrt', gpuMb: 640, hostMb: 180, loadMs: 2400, inferMs: 9 },
  { name: 'bert-base', backend: 'onnxruntime', gpuMb: 900, hostMb: 450, loadMs: 2600, inferMs: 6 },
  { name: 'bert-large', backend: 'tensorrt', gpuMb: 1400, hostMb: 700, loadMs: 2900, inferMs: 11 },
  { name: 'whisper-small', backend: 'pytorch', gpuMb: 1600, hostMb: 900, loadMs: 3100, inferMs: 220 },
  { name: 'whisper-large-v3', backend: 'pytorch', gpuMb: 4700, hostMb: 1800, loadMs: 5100, inferMs: 900 },
  { name: 'clip-vit-l14', backend: 'pytorch', gpuMb: 2300, hostMb: 1100, loadMs: 3500, inferMs: 18 },
  {
    name: 'stable-diffusion-1.5',
    backend: 'pytorch',
    gpuMb: 4300,
    hostMb: 1900,
    loadMs: 4900,
    inferMs: 1800,
  },
  { name: 't5-large', backend: 'pytorch', gpuMb: 3400, hostMb: 1500, loadMs: 4300, inferMs: 140 },
  { name: 'llama-3.2-1b', backend: 'vllm', gpuMb: 5200, hostMb: 2100, loadMs: 5500, inferMs: 350 },
  { name: 'llama-3.1-8b-awq', backend: 'vllm', gpuMb: 10_300, hostMb: 2600, loadMs: 8900, inferMs: 700 },
  { name: 'mistral-7b', backend: 'vllm', gpuMb: 19_500, hostMb: 3200, loadMs: 15_000, inferMs: 800 },
];

/** A dozen models of real sizes and load times, and one small ensemble of two of them. */
export const sampleModels: readonly SimulatedModel[] = [
  ...SAMPLES.map(fromSample),
  { name: 'vision-pipeline', steps: ['yolov8m', 'resnet50'] },
];

function fromSample({ name, backend, gpuMb, hostMb, loadMs, inferMs }: Sample): SimulatedModel {
  return {
    name,
    backend,
    gpuBytes: gpuMb * MB,
    hostBytes: hostMb * MB,
    loadMs,
    inferMs,
    unloadMs: 1200,
    config: {
      backend,
      max_batch_size: 0,
      input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
      output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
    },
  };
}
