// Serves ONNX Runtime's training session (1.19.2, as WebAssembly) to the process at the other end of stdin and stdout, one session at a time, and any model once.
//
// A message is the length of its header (uint32, little-endian), the header in JSON, then the bytes of its parts, one after the other.
// Request: { op, parts: [{ type, dims, bytes }], … }. Reply: { parts, … }, or { error } with the runtime's own text.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

console.log = console.info = console.debug = console.error;        // stdout carries messages only

const ort = await loadRuntime(fileURLToPath(new URL('node_modules/onnxruntime-web/dist/', import.meta.url)));
const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array, bool: Uint8Array };
let session = null;

const operations = {
  async open({ parts: [trainModel, evalModel, optimizerModel, checkpointState] }) {
    const artifacts = { trainModel, evalModel, optimizerModel, checkpointState };
    session = await ort.TrainingSession.create(artifacts, { executionProviders: ['wasm'], logSeverityLevel: 3 });
    return { trainingInputs: session.trainingInputNames, evaluationInputs: session.evalInputNames };
  },
  async train({ parts }) {
    return { parts: outputs(await session.runTrainStep(feeds(session.trainingInputNames, parts))) };
  },
  async evaluate({ parts }) {
    return { parts: outputs(await session.runEvalStep(feeds(session.evalInputNames, parts))) };
  },
  async update() {
    await session.runOptimizerStep();
    return {};
  },
  async reset() {
    await session.lazyResetGrad();
    return {};
  },
  async read({ trainableOnly }) {
    return { parts: [await session.getContiguousParameters(trainableOnly)] };
  },
  async write({ trainableOnly, parts: [values] }) {
    await session.loadParametersBuffer(values, trainableOnly);
    return {};
  },
  async run({ parts: [model, ...tensors] }) {
    const plain = await ort.InferenceSession.create(model, { executionProviders: ['wasm'], logSeverityLevel: 3 });
    try {
      const results = await plain.run(feeds(plain.inputNames, tensors));
      return { parts: plain.outputNames.map((name) => results[name]) };
    } finally {
      await plain.release();
    }
  },
  async close() {
    await session?.release();
    session = null;
    return {};
  },
};

const input = new MessageReader(process.stdin);
for (let request = await input.next(); request; request = await input.next()) {
  try {
    send(await operations[request.op](request));
  } catch (error) {
    send({ error: explain(error) });
  }
}

function feeds(names, tensors) {
  if (names.length !== tensors.length)
    throw new Error(`The model takes ${names.length} inputs (${names.join(', ')}), but ${tensors.length} were given.`);
  const number = names.find((name) => /^\d+$/.test(name));
  if (number) throw new Error(`The input '${number}' would change its place: JavaScript puts keys that are numbers first. Rename it.`);
  return Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
}

/** Both steps key their results with the names of the training model's outputs. */
function outputs(results) {
  return session.trainingOutputNames.map((name) => results[name]);
}

/** Bytes as they came where the type is uint8, else a tensor. */
function decode({ type, dims }, bytes) {
  const copy = new Uint8Array(bytes);                             // aligned, as other arrays over the same memory must be
  return type === 'uint8' ? copy : new ort.Tensor(type, new arrays[type](copy.buffer), dims);
}

function send({ parts = [], ...header }) {
  const described = parts.map((t) => ({ type: t.type, dims: t.dims, bytes: t.data.byteLength }));
  const text = Buffer.from(JSON.stringify({ ...header, parts: described }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  process.stdout.write(Buffer.concat([length, text, ...parts.map((t) => Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength))]));
}

/** Cuts a stream of bytes into messages. */
function MessageReader(stream) {
  const chunks = stream[Symbol.asyncIterator]();
  let held = [], available = 0;
  const take = async (count) => {
    while (available < count) {
      const { value, done } = await chunks.next();
      if (done) return null;
      held.push(value);
      available += value.length;
    }
    const all = held.length === 1 ? held[0] : Buffer.concat(held);
    held = [all.subarray(count)];
    available -= count;
    return all.subarray(0, count);
  };
  this.next = async () => {
    const length = await take(4);
    if (!length) return null;
    const header = JSON.parse((await take(length.readUInt32LE())).toString());
    const parts = [];
    for (const part of header.parts) parts.push(decode(part, await take(part.bytes)));
    return { ...header, parts };
  };
}

/**
 * The package's module with one defect mended: it frees a pointer that lies on the stack, which corrupts the heap. The copy also gives access to the
 * WebAssembly memory, where the texts of errors are.
 */
async function loadRuntime(dist) {
  const pieces = readFileSync(join(dist, 'ort.training.wasm.mjs'), 'utf8').replace(/\/\/# sourceMappingURL=.*$/m, '').split('wasm2._free(dimsOffset);');
  if (pieces.length !== 3) throw new Error(`onnxruntime-web is not version 1.19.2: ${pieces.length - 1} places to mend instead of 2.`);
  const folder = mkdtempSync(join(tmpdir(), 'ort-training-'));
  try {
    const copy = join(folder, 'ort.training.wasm.mjs');
    writeFileSync(copy, `${pieces.join('')}\nexport const wasmInstance = () => getInstance();\n`);
    const module = await import(pathToFileURL(copy).href);
    module.default.env.wasm.numThreads = 1;                        // more do not start in Node
    module.default.env.wasm.wasmPaths = pathToFileURL(dist).href;
    return Object.assign(Object.create(module.default), { wasmInstance: module.wasmInstance });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of an error. One of C++ arrives as the address of the exception, whose first words point to its texts. */
function explain(error) {
  if (typeof error !== 'number') return String(error?.message ?? error);
  const { HEAPU8: bytes, HEAPU32: words } = ort.wasmInstance();
  const texts = new Set();
  for (let i = 0; i < 40; i++) {
    const text = printable(bytes, words[(error >>> 2) + i]);
    if (text.length > 12) texts.add(text);
  }
  const whole = [...texts].filter((text) => ![...texts].some((other) => other !== text && other.includes(text)));
  return whole.length > 0 ? whole.join(' | ').trim() : `C++ exception at ${error}, without a text.`;
}

function printable(bytes, start) {
  let end = start;
  for (; start >= 1024 && end < bytes.length && bytes[end] !== 0; end++)
    if (bytes[end] > 126 || (bytes[end] < 32 && bytes[end] !== 9 && bytes[end] !== 10)) return '';
  return start < bytes.length ? Buffer.from(bytes.subarray(start, Math.min(end, start + 2000))).toString('latin1') : '';
}
