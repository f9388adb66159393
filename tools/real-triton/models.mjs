/** Model folders for a real Triton: Python models that take the time and memory they are told to, and ensembles. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A model that doubles one number, slowly. What it does is in its parameters, so a `config` override changes it. */
export function aRealModel({
  name,
  instanceCount = 1,
  stablePyc = false,
  missingModelFile = false,
  ...behaviour
}) {
  const parameters = Object.entries(parametersOf(behaviour));
  const config = [
    ...head(name),
    'backend: "python"',
    `instance_group [ { kind: KIND_CPU count: ${instanceCount} } ]`,
    ...parameters.map(([key, value]) => `parameters { ${entry(key, `{ string_value: ${quoted(value)} }`)} }`),
  ];
  const files = {
    'config.pbtxt': lines(config),
    ...(missingModelFile ? {} : { '1/model.py': MODEL_PY }),
    ...(stablePyc ? { '1/__pycache__': '' } : {}),
  };
  return { name, folders: ['1'], files };
}

function parametersOf({
  loadSeconds = 0,
  inferSeconds = 0,
  finalizeSeconds = 0,
  allocMb = 1,
  fail = '',
  heldBy = '',
  parameters,
}) {
  return {
    load_seconds: String(loadSeconds),
    infer_seconds: String(inferSeconds),
    finalize_seconds: String(finalizeSeconds),
    alloc_mb: String(allocMb),
    fail,
    ...(heldBy && { held_by: heldBy }),
    ...parameters,
  };
}

/** Its steps one after another, each with one input IN and one output OUT. */
export function anEnsemble({ name, steps }) {
  const tensors = ['IN', ...steps.slice(1).map((_, index) => `between_${index + 1}`), 'OUT'];
  const scheduled = steps.map((step, index) => {
    const input = `input_map { ${entry('IN', quoted(tensors[index]))} }`;
    const output = `output_map { ${entry('OUT', quoted(tensors[index + 1]))} }`;
    return `    { model_name: ${quoted(step)} model_version: -1 ${input} ${output} }`;
  });
  const scheduling = ['ensemble_scheduling {', '  step [', scheduled.join(',\n'), '  ]', '}'];
  const config = lines([...head(name), 'platform: "ensemble"', ...scheduling]);
  return { name, folders: ['1'], files: { 'config.pbtxt': config } };
}

/** Writes a model into a repository, over one of the same name. */
export async function writeModel(repository, { name, folders, files }) {
  for (const folder of folders) await mkdir(join(repository, name, folder), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(repository, name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

function head(name) {
  return [
    `name: ${quoted(name)}`,
    'max_batch_size: 0',
    'input [ { name: "IN" data_type: TYPE_FP32 dims: [ 1 ] } ]',
    'output [ { name: "OUT" data_type: TYPE_FP32 dims: [ 1 ] } ]',
  ];
}

const entry = (key, value) => `key: ${quoted(key)} value: ${value}`;
const quoted = (text) => JSON.stringify(text);
const lines = (texts) => `${texts.join('\n')}\n`;

/** The folder for what the models write down about themselves; outside the repository, or Triton sees a change. */
export const EVENTS_VARIABLE = 'BERTH_MODEL_EVENTS';

const MODEL_PY = `import json, os, time
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.name = args["model_name"]
        self.note("initialize")
        parameters = json.loads(args["model_config"]).get("parameters", {})
        self.parameters = {key: value["string_value"] for key, value in parameters.items()}
        if self.parameters.get("fail") == "exit":
            os._exit(3)
        if self.parameters.get("fail"):
            raise MemoryError("CUDA out of memory. Tried to allocate 2.00 GiB (simulated)")
        self.ballast = bytearray(int(self.parameters.get("alloc_mb", "1")) * 1024 * 1024)
        for page in range(0, len(self.ballast), 4096):
            self.ballast[page] = 1
        self.wait("load_seconds")
        while os.path.exists(self.parameters.get("held_by", "")):
            time.sleep(0.01)
        self.note("initialized")

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        self.note("execute")
        self.wait("infer_seconds")
        doubled = pb_utils.get_input_tensor_by_name(request, "IN").as_numpy() * 2
        self.note("executed")
        return pb_utils.InferenceResponse([pb_utils.Tensor("OUT", doubled)])

    def finalize(self):
        self.note("finalize")
        self.wait("finalize_seconds")
        self.note("finalized")

    def wait(self, parameter):
        time.sleep(float(self.parameters.get(parameter, "0")))

    def note(self, event):
        folder = os.environ.get("${EVENTS_VARIABLE}")
        if folder:
            with open(os.path.join(folder, self.name + ".log"), "a") as log:
                log.write("%s %.3f %d\\n" % (event, time.time(), os.getpid()))
`;
