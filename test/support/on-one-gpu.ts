/** The config of a small model of which Triton holds one copy on one GPU: Berth may choose which. */
export const ON_ONE_GPU = {
  backend: 'onnxruntime',
  max_batch_size: 0,
  input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: [-1] }],
  output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: [-1] }],
  instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [0] }],
};
