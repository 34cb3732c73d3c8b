import { cells, type CellName } from '@unroll/cells';
import { scope, tensor } from '@unroll/tensor';
import { retainState } from '@unroll/train';
import { useBackend, type BackendName } from '../backend.ts';
import type { Session } from '../command.ts';
import { CliError } from '../errors.ts';
import { saveBytes } from '../files/checkpoint.ts';
import { loadModel } from '../files/model.ts';
import { painter } from '../print/style.ts';
import { printArchitecture, readArchitecture } from './architecture.ts';
import { freshFlow, gradientFlow, type GradientFlow } from './gradient-flow.ts';
import { htmlHeatmap, svgHeatmap, terminalHeatmap } from './heatmap.ts';
import { matrixExperiment, type MatrixRun } from './matrix.ts';
import { traceText } from './values.ts';

/** What the command line may say about a look inside. */
export interface InspectFlags {
  readonly text?: string;
  readonly values?: string;
  readonly units: number;
  readonly svg?: string;
  readonly html?: string;
  readonly gradientFlow?: true;
  readonly matrix?: true;
  readonly cell: readonly CellName[];
  readonly hidden: number;
  readonly layers: number;
  readonly length: number;
  readonly seed: number;
  readonly backend: BackendName;
}

/** `unroll inspect`: what a model is, what it does over a text, and how far its gradients reach. */
export async function inspect(path: string | undefined, flags: InspectFlags, session: Session): Promise<void> {
  if (flags.matrix === true) return printMatrix(matrixExperiment(flags.seed), session);
  if (flags.gradientFlow === true) return printFlows(await flows(path, flags), session);
  if (path === undefined) throw new CliError('usage', 'name the model: unroll inspect runs/story; or ask for --gradient-flow or --matrix, which need none');
  if (flags.text !== undefined) return showValues(path, flags.text, flags, session);
  if (flags.svg !== undefined || flags.html !== undefined) throw new CliError('usage', '--svg and --html draw what happens over a text; give it with --text');
  return printArchitecture(await readArchitecture(path), session);
}

async function showValues(path: string, text: string, { values, units, svg, html, backend }: InspectFlags, { io, format }: Session): Promise<void> {
  if (text === '') throw new CliError('usage', '--text must have a character at least');
  await useBackend(backend);
  const loaded = await loadModel(path);
  try {
    const { symbols, traces } = await traceText(loaded, text);
    const trace = { symbols, traces: chosen(traces, values) };
    const title = `${path}: ${loaded.model.rnn.cell.name} over ${JSON.stringify(text)}`;
    for (const [target, draw] of [[svg, svgHeatmap], [html, htmlHeatmap]] as const) {
      if (target === undefined) continue;
      saveBytes(target, Buffer.from(draw(title, trace)));
      io.stderr.write(`saved ${target}\n`);
    }
    if (format === 'json') io.stdout.write(`${JSON.stringify({ symbols, values: Object.fromEntries(trace.traces.map((one) => [one.name, rowsOf(one.values, one.units)])) })}\n`);
    else if (svg === undefined && html === undefined) io.stdout.write(`${terminalHeatmap(trace, { units, columns: io.stdout.columns, paint: painter(io, io.stdout) }).join('\n')}\n`);
  } finally {
    loaded.model.dispose();
  }
}

function chosen<Trace extends { readonly name: string }>(traces: readonly Trace[], values: string | undefined): readonly Trace[] {
  if (values === undefined) return traces;
  const wanted = values.split(',');
  const found = traces.filter(({ name }) => wanted.includes(name) || wanted.includes(name.replace(/_l\d+(?:_reverse)?$/, '')));
  if (found.length === 0) throw new CliError('usage', `--values ${values}: there are ${traces.map(({ name }) => name).join(', ')}`);
  return found;
}

function rowsOf(values: Float32Array, units: number): number[][] {
  return Array.from({ length: values.length / units }, (_, t) => [...values.subarray(t * units, (t + 1) * units)]);
}

async function flows(path: string | undefined, { cell, text, seed, backend, hidden, layers, length }: InspectFlags): Promise<GradientFlow[]> {
  await useBackend(backend);
  if (path === undefined) {
    const found: GradientFlow[] = [];
    for (const name of cell) found.push(await freshFlow(cells[name], { hidden, layers, length, seed }));
    return found;
  }
  if (text === undefined) throw new CliError('usage', '--gradient-flow of a model needs something that it reads: give it with --text');
  const { model, vocabulary } = await loadModel(path);
  const inputs = scope(() => retainState(model.embedding.forward(tensor(Int32Array.from(vocabulary.encode(text)), { shape: [vocabulary.encode(text).length, 1] }))));
  try {
    return [await gradientFlow(model.rnn, inputs, seed)];
  } finally {
    inputs.dispose();
    model.dispose();
  }
}

function printFlows(found: readonly GradientFlow[], { io, format }: Session): void {
  if (format === 'json') {
    for (const flow of found) io.stdout.write(`${JSON.stringify(flow)}\n`);
    return;
  }
  const paint = painter(io, io.stdout);
  const length = (found[0]?.norms.length ?? 1) - 1;
  const least = Math.min(0.1, ...found.flatMap(({ norms }) => norms.filter((norm) => norm > 0)));
  const lines = found.flatMap(({ cell, layers, hidden, norms, halfLife }) => [
    paint('strong', `${cell}, ${layers} x ${hidden}: of the gradient at step ${length}, ${norms[0]?.toExponential(1) ?? '0'} reaches the start; ${halfLifeText(halfLife)}`),
    ...marks(length).map((t) => `  ${String(length - t).padStart(6)} steps back  ${(norms[t] as number).toExponential(2).padStart(9)}  ${paint('accent', bar(norms[t] as number, least))}`),
  ]);
  io.stdout.write(`${lines.join('\n')}\n`);
}

function halfLifeText(steps: number | null): string {
  if (steps === null) return 'it neither halves nor doubles';
  return steps > 0 ? `it halves every ${steps.toFixed(1)} steps` : `it doubles every ${(-steps).toFixed(1)} steps`;
}

/** Eleven steps, from the last to the first. */
function marks(length: number): number[] {
  return [...new Set(Array.from({ length: 11 }, (_, k) => Math.round(length * (1 - k / 10))))];
}

/** A norm by its logarithm: forty cells for 1, none for the smallest norm of all that are shown. */
function bar(norm: number, least: number): string {
  if (!(norm > 0) || !Number.isFinite(norm)) return '';
  return '█'.repeat(Math.min(60, Math.max(0, Math.round(40 * (1 - Math.log(norm) / Math.log(least))))));
}

function printMatrix(runs: readonly MatrixRun[], { io, format }: Session): void {
  if (format === 'json') {
    for (const run of runs) io.stdout.write(`${JSON.stringify(run)}\n`);
    return;
  }
  const paint = painter(io, io.stdout);
  const head = `steps back  ${runs.map(({ scale, spectralRadius }) => `${scale === 1 ? 'W_h' : `${scale} W_h`} (radius ${spectralRadius.toFixed(3)})`.padStart(24)).join('')}`;
  const rows = (runs[0]?.norms ?? []).map((_, t) => `${String(t).padStart(10)}  ${runs.map(({ norms }) => (norms[t] as number).toExponential(3).padStart(24)).join('')}`);
  io.stdout.write(`${[paint('strong', head), ...rows].join('\n')}\n`);
  const [whole, half] = runs.map(({ norms }) => (norms.at(-1) as number) / (norms[0] as number));
  io.stderr.write(`After 20 products with the same matrix the gradient is ${(whole ?? 0).toPrecision(3)} times as long, with half the matrix ${(half ?? 0).toPrecision(3)} times.\n`);
}
