import type { RealTriton } from '../support/real-triton.js';
import { callTriton } from './rpc.js';

/** Uses a Triton directly, beside Berth: as its clients do, and operators with tools of their own. */

/** Asks a model to double a number, by gRPC. */
export async function infer(triton: Pick<RealTriton, 'grpc'>, model: string, value: number): Promise<number> {
  const inputs = [{ name: 'IN', datatype: 'FP32', shape: [1], contents: { fp32_contents: [value] } }];
  const request = { model_name: model, inputs };
  const answer = await callTriton<{ raw_output_contents: Buffer[] }>(triton.grpc, 'ModelInfer', request);
  return answer.raw_output_contents[0]!.readFloatLE();
}

/** The same over HTTP, at an address that a route told. */
export async function inferByHttp(http: string, model: string, value: number): Promise<number> {
  const inputs = [{ name: 'IN', datatype: 'FP32', shape: [1], data: [value] }];
  const response = await fetch(`${http}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { connection: 'close' },
    body: JSON.stringify({ inputs }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return (JSON.parse(text) as { outputs: { data: number[] }[] }).outputs[0]!.data[0]!;
}

export async function load(triton: RealTriton, model: string): Promise<void> {
  await callTriton(triton.grpc, 'RepositoryModelLoad', { model_name: model });
}

export async function unload(triton: RealTriton, model: string): Promise<void> {
  await callTriton(triton.grpc, 'RepositoryModelUnload', { model_name: model });
}

/** What the index says of a model: `STATE`, with ` (reason)` where there is one; `none` without a row. */
export async function rowOf(triton: Pick<RealTriton, 'grpc'>, model: string): Promise<string> {
  const index = await callTriton<{ models?: Row[] }>(triton.grpc, 'RepositoryIndex', {});
  const row = index.models?.find(({ name }) => name === model);
  if (!row) return 'none';
  return row.reason ? `${row.state} (${row.reason})` : row.state || 'untouched';
}

interface Row {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

/** The last word of Triton once an unload is over. */
export const UNLOADED = 'UNAVAILABLE (unloaded)';
