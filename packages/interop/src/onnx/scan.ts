import { inputName, stepOf } from '@unroll/cells';
import { topological, type Dot, type Expr, type Step } from '@unroll/expr';
import { ExchangeError, parameterOf, transposed, type ExchangedTensor, type RecurrentLayer } from '../network.ts';
import { GraphWriter, value } from './graph.ts';
import type { LayerResult, LayerWires } from './native.ts';
import { onnxOps } from './ops.ts';

/** One layer of any cell, both directions, as ONNX's Scan with the cell's step as its body: (T, B, I) to (T, B, D·H). */
export function writeScan(graph: GraphWriter, layer: RecurrentLayer, index: number, { input, states }: LayerWires): LayerResult {
  const directions = layer.bidirectional === true ? ['', '_reverse'] : [''];
  const [first, ...more] = directions.map((direction, k) => writeDirection(graph, layer, index, direction, {
    input, states: states.map((state) => (state === undefined ? undefined : graph.node('Gather', [state, graph.node('Squeeze', [graph.integers('direction', [k])])], { axis: 0 }, 'state'))),
  }));
  if (first === undefined || more.length === 0) return { output: first?.output ?? input, states: (first?.states ?? []).map((state) => withDirections(graph, [state])) };
  const all = [first, ...more];
  return {
    output: graph.node('Concat', all.map(({ output }) => output), { axis: -1 }, 'layer'),
    states: first.states.map((_, k) => withDirections(graph, all.map((direction) => direction.states[k] as string))),
  };
}

// (B, H) for each direction, as (D, B, H).
function withDirections(graph: GraphWriter, states: readonly string[]): string {
  const axis = graph.integers('axis', [0]);
  const parts = states.map((state) => graph.node('Unsqueeze', [state, axis], {}, 'state'));
  return parts.length === 1 ? parts[0] as string : graph.node('Concat', parts, { axis: 0 }, 'states');
}

function writeDirection(graph: GraphWriter, layer: RecurrentLayer, index: number, direction: string, { input, states }: LayerWires): LayerResult {
  const { cell, hiddenSize, projSize = 0, bias = true, bidirectional = false } = layer;
  const above = (projSize > 0 ? projSize : hiddenSize) * (bidirectional ? 2 : 1);
  const step = stepOf(cell, { inputSize: index === 0 ? layer.inputSize : above, hiddenSize, bias, projSize });
  const body = new GraphWriter(graph);
  const suffix = `_l${index}${direction}`;
  const reversed = direction === '' ? 0 : 1;
  const initial = step.states.map(({ width }, k) => states[k] ?? zeroState(graph, input, width));
  const results = graph.nodes('Scan', [...initial, input], [...step.states.map(({ name }) => `${name}_last`), 'layer'], {
    body: writeBody(body, step, (name, shape) => parameterOf(layer, `${name}${suffix}`, shape)), num_scan_inputs: 1, scan_input_directions: [reversed], scan_output_directions: [reversed],
  });
  return { output: results.at(-1) as string, states: results.slice(0, -1) };
}

// Zeros (B, H), as many rows as the input has.
function zeroState(graph: GraphWriter, input: string, width: number): string {
  const rows = graph.node('Gather', [graph.node('Shape', [input]), graph.integers('one', [1])], { axis: 0 }, 'rows');
  const shape = graph.node('Concat', [rows, graph.integers('width', [width])], { axis: 0 }, 'shape');
  return graph.node('Expand', [graph.number(0), shape], {}, 'zeros');
}

type Parameter = (name: string, shape: readonly number[]) => ExchangedTensor;

function writeBody(body: GraphWriter, step: Step, parameter: Parameter): ReturnType<GraphWriter['graph']> {
  const [inputs, outputs] = [step.states.map(({ name }) => body.name(name)), step.states.map(({ name }) => body.name(`${name}_next`))];
  const x = body.name(inputName);
  const known = new Map<string, string>([[inputName, x], ...step.states.map(({ name }, k) => [name, inputs[k] as string] as const)]);
  for (const { name, width } of step.vectors) known.set(name, body.floats(name, parameter(name, [width])));
  const names = writeExpressions(body, [...step.next, ...step.outputs.map((output) => output.value)], { known, product: (dot, operand) => writeProduct(body, step, parameter, dot, operand) });
  const y = body.name('y');
  [...outputs, y].forEach((output, k) => body.rename(names[k] as string, output));
  const rows = (name: string, width: number): ReturnType<typeof value> => value(name, 'float', ['B', width]);
  return body.graph('step', [...step.states.map(({ width }, k) => rows(inputs[k] as string, width)), rows(x, step.sequences[0]?.width ?? 0)],
    [...step.states.map(({ width }, k) => rows(outputs[k] as string, width)), rows(y, step.outputs[0]?.width ?? 0)]);
}

interface Leaves { readonly known: ReadonlyMap<string, string>; readonly product: (dot: Dot, operand: string) => string }

/** Writes expressions, each node once; returns their names. */
function writeExpressions(graph: GraphWriter, roots: readonly Expr[], { known, product }: Leaves): string[] {
  const names = new Map<Expr, string>();
  const nameOf = (node: Expr): string => names.get(node) as string;
  const write = (node: Expr): string => {
    switch (node.kind) {
      case 'constant': return graph.number(node.value);
      case 'input': return known.get(node.name) as string;
      case 'random': throw new ExchangeError('onnx: the cell draws random numbers, as dropout and zoneout do in training; give the cell without them.');
      case 'apply': return onnxOps[node.op](graph, node.args.map(nameOf));
      case 'mean': return graph.node('ReduceMean', [nameOf(node.operand)], { axes: [-1], keepdims: 1 });
      case 'dot': return product(node, nameOf((node.terms[0] as Dot['terms'][number]).operand));
    }
  };
  for (const node of topological(roots)) names.set(node, write(node));
  return roots.map(nameOf);
}

// W_k e + b_k, the block's rows alone.
function writeProduct(graph: GraphWriter, { weights }: Step, parameter: Parameter, dot: Dot, operand: string): string {
  const weight = weights.find(({ name }) => name === dot.weight);
  const block = dot.terms[0]?.block ?? 0;
  if (weight === undefined || dot.transposed) throw new ExchangeError(`onnx: there is no way to write the product with weight "${dot.weight}".`);
  const { name, blocks, rows, columns, bias } = weight;
  const part = ({ data }: ExchangedTensor, shape: readonly number[]): ExchangedTensor => ({ shape, data: data.slice(block * (data.length / blocks), (block + 1) * (data.length / blocks)) });
  const matrix = graph.floats(`weight_${name}`, transposed(part(parameter(`weight_${name}`, [blocks * rows, columns]), [rows, columns])));
  const result = graph.node('MatMul', [operand, matrix]);
  return bias ? graph.node('Add', [result, graph.floats(`bias_${name}`, part(parameter(`bias_${name}`, [blocks * rows]), [rows]))]) : result;
}
