import { z } from 'zod';
import { parseFault, simulatedModelSchema } from '#triton-simulator';
import type { SimulatedModel, SimulatedTriton } from '#triton-simulator';
import type { HttpAnswer, HttpRequest } from './http-listen.js';

/** The largest body the admin port takes. */
export const ADMIN_BODY_BYTES = 64 * 1024;

const name = z.string().min(1).max(256);

const changeSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('add'), model: simulatedModelSchema }),
  z.strictObject({ action: z.literal('remove'), name }),
  z.strictObject({ action: z.literal('restore'), name }),
  z.strictObject({
    action: z.literal('touch'),
    name,
    what: z.enum(['files', 'config']).optional(),
    config: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ action: z.literal('duplicate'), name, on: z.boolean().optional() }),
]);

type Change = z.infer<typeof changeSchema>;

/** The admin port: look at the truth, make things go wrong, change what is on disk. */
export function answerAdmin(
  sim: SimulatedTriton,
  scaled: (model: SimulatedModel) => SimulatedModel,
  { method, path, body }: HttpRequest,
): HttpAnswer {
  const isKnown = ['/state', '/faults', '/repository'].includes(path);
  if (!isKnown) return refuse(404, `${path}: there are only GET /state, POST /faults and POST /repository`);
  const allowed = path === '/state' ? 'GET' : 'POST';
  if (method !== allowed) return refuse(405, `${path}: only ${allowed}`);
  if (path === '/state') return { status: 200, json: state(sim) };
  const value = parseJson(body);
  if (value === undefined) return refuse(400, 'body: not JSON');
  return path === '/faults' ? injectFault(sim, value) : changeRepository(sim, scaled, value);
}

function injectFault(sim: SimulatedTriton, value: unknown): HttpAnswer {
  const parsed = parseFault(value);
  if ('problem' in parsed) return refuse(400, parsed.problem);
  if (parsed.fault.kind === 'foreignMemory') {
    const { device } = parsed.fault;
    const isThere = sim.devices.some(({ ordinal }) => ordinal === device);
    if (!isThere) return refuse(400, `device: ${sim.id} has ${sim.devices.length} devices, numbered from 0`);
  }
  sim.inject(parsed.fault);
  return { status: 200, json: { injected: parsed.fault, phase: sim.phase, incarnation: sim.incarnation } };
}

function changeRepository(
  sim: SimulatedTriton,
  scaled: (model: SimulatedModel) => SimulatedModel,
  value: unknown,
): HttpAnswer {
  const parsed = changeSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
    );
    return refuse(400, problems.join('; '));
  }
  const isDone = change(sim, scaled, parsed.data);
  return isDone
    ? { status: 200, json: { models: sim.repository.names() } }
    : refuse(404, `name: no such model directory to ${parsed.data.action}`);
}

function change(
  { repository }: SimulatedTriton,
  scaled: (model: SimulatedModel) => SimulatedModel,
  wanted: Change,
): boolean {
  switch (wanted.action) {
    case 'add':
      repository.add(scaled(wanted.model));
      return true;
    case 'remove':
      return repository.remove(wanted.name);
    case 'restore':
      return repository.restore(wanted.name);
    case 'touch':
      return repository.touch(wanted.name, wanted.what ?? 'files', wanted.config);
    case 'duplicate':
      return repository.duplicate(wanted.name, wanted.on !== false);
  }
}

function state(sim: SimulatedTriton): object {
  const { id, phase, incarnation, peakExceeded, devices, repository } = sim;
  return {
    ...{ id, phase, incarnation, peakExceeded },
    memory: {
      devices: devices.map((device) => ({ ...device, usedBytes: sim.memoryUsed(device.ordinal) })),
      hostUsedBytes: sim.memoryUsed('host'),
    },
    copies: sim.copies(),
    models: repository.names().map((model) => repository.model(model)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(status: number, error: string): HttpAnswer {
  return { status, json: { error } };
}
