import { stepOf, textOf, type Cell } from '@unroll/cells';
import { children, sharing, topological, type Expr, type ScalarOp, type Step } from '@unroll/expr';
import { ExchangeError, type ExchangedLayer, type ExchangedNetwork, type RecurrentLayer } from './network.ts';
import { registeredName } from './same.ts';

/**
 * A Python script with the network as a torch.nn.Module, `Network`, that loads its parameters from a safetensors file. RNN, LSTM and GRU
 * are PyTorch's own; any other cell becomes a module with its equations. Names in the file: `layers.0.weight_ih_l0`, ..., as `namedParameters`
 * gives them.
 *
 * @throws {ExchangeError} for a cell that draws random numbers.
 */
export function pytorchScript({ layers }: ExchangedNetwork, file = 'model.safetensors'): string {
  const own = new Map(layers.flatMap((layer) => (layer.kind === 'recurrent' && pytorchClass(layer) === undefined ? [[className(layer.cell), layer] as const] : [])));
  return [
    '"""A network made with Unroll. Needs torch and safetensors."""', '', 'import torch', 'from safetensors.torch import load_file', 'from torch import nn', '',
    ...[...own].flatMap(([name, layer]) => [...cellModule(name, layer), '']),
    '', 'class Network(nn.Module):', '    def __init__(self):', '        super().__init__()', '        self.layers = nn.ModuleList([',
    ...layers.map((layer) => `            ${moduleOf(layer)},`), '        ])', '',
    '    def forward(self, x):', '        """Ids (T, B), or numbers (T, B, I), to (T, B, channels)."""',
    '        for layer in self.layers:', '            x = layer(x)', '            x = x[0] if isinstance(x, tuple) else x', '        return x', '', '',
    'def load(path=' + JSON.stringify(file) + '):', '    network = Network()', '    network.load_state_dict(load_file(path))', '    return network.eval()', '', '',
    'if __name__ == "__main__":', '    print(load())', '',
  ].join('\n');
}

/** The parameters of a network by the names that the script of `pytorchScript` loads them under. */
export function namedParameters({ layers }: ExchangedNetwork): [name: string, tensor: RecurrentLayer['parameters'][string]][] {
  return layers.flatMap((layer, index) => {
    const own = layer.kind === 'recurrent' ? layer.parameters : { weight: layer.weight, ...('bias' in layer && layer.bias !== undefined ? { bias: layer.bias } : {}) };
    return Object.entries(own).map(([name, tensor]): [string, typeof tensor] => [`layers.${index}.${name}`, tensor]);
  });
}

function moduleOf(layer: ExchangedLayer): string {
  if (layer.kind === 'embedding') return `nn.Embedding(${layer.weight.shape.join(', ')})`;
  if (layer.kind === 'linear') return `nn.Linear(${layer.weight.shape[1]}, ${layer.weight.shape[0]}, bias=${python(layer.bias !== undefined)})`;
  const { cell, inputSize, hiddenSize, numLayers = 1, bidirectional = false, bias = true, projSize = 0 } = layer;
  const known = pytorchClass(layer);
  const projection = projSize > 0 ? `, proj_size=${projSize}` : '';
  return `${known?.name ?? className(cell)}(${inputSize}, ${hiddenSize}, num_layers=${numLayers}, bias=${python(bias)}, bidirectional=${python(bidirectional)}${projection}${known?.options ?? ''})`;
}

interface PyTorchClass { readonly name: string; readonly options: string; readonly projects: boolean }
const pytorchClasses: Readonly<Record<string, PyTorchClass>> = {
  'lstm': { name: 'nn.LSTM', options: '', projects: true },
  'gru': { name: 'nn.GRU', options: '', projects: false },
  'rnn': { name: 'nn.RNN', options: '', projects: false },
  'rnn-relu': { name: 'nn.RNN', options: ', nonlinearity="relu"', projects: false },
};

function pytorchClass({ cell, projSize = 0 }: RecurrentLayer): PyTorchClass | undefined {
  const name = registeredName(cell);
  const known = name === undefined ? undefined : pytorchClasses[name];
  return projSize > 0 && known?.projects !== true ? undefined : known;
}

function className({ name }: Cell): string {
  return `${name.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter: string | undefined) => (letter ?? '').toUpperCase()).replace(/^[a-z]/, (letter) => letter.toUpperCase()).replace(/^[^A-Z]*/, '')}Layer`;
}

function python(value: boolean): string {
  return value ? 'True' : 'False';
}

/** A module like nn.LSTM for any cell: parameters under PyTorch's names, a loop over time. */
function cellModule(name: string, { cell, hiddenSize, inputSize, bias = true, projSize = 0 }: RecurrentLayer): string[] {
  const step = stepOf(cell, { inputSize, hiddenSize, bias, projSize });
  const indent = (lines: readonly string[], by: number): string[] => lines.map((line) => ' '.repeat(by) + line);
  const shapes = step.weights.flatMap(({ name: weight, blocks, rows, columns, bias: biased }) => [
    `"weight_${weight}": (${blocks * rows}, ${weight === 'ih' ? 'width' : columns})`, ...(biased ? [`"bias_${weight}": (${blocks * rows},)`] : []),
  ]);
  return [
    '', `class ${name}(nn.Module):`, '    """', ...indent(textOf(cell).trimEnd().split('\n'), 4), '    """', '',
    '    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, bidirectional=False, proj_size=0):',
    '        super().__init__()', '        self.num_layers, self.directions = num_layers, ["", "_reverse"] if bidirectional else [""]', `        self.widths = [${step.states.map(({ width }) => width).join(', ')}]`,
    '        for layer in range(num_layers):', '            width = input_size if layer == 0 else self.widths[0] * len(self.directions)', '            for direction in self.directions:',
    `                shapes = {${[...shapes, ...step.vectors.map(({ name: vector, width }) => `"${vector}": (${width},)`)].join(', ')}}`,
    '                for role, shape in shapes.items():', '                    self.register_parameter(f"{role}_l{layer}{direction}", nn.Parameter(torch.zeros(shape)))', '',
    '    def forward(self, x):', '        last = []', '        for layer in range(self.num_layers):', '            outputs = []', '            for direction in self.directions:',
    '                y, states = self.run(x.flip(0) if direction else x, f"_l{layer}{direction}")', '                outputs.append(y.flip(0) if direction else y)', '                last.append(states)',
    '            x = torch.cat(outputs, -1)', '        return x, [torch.stack(states) for states in zip(*last)]', '',
    '    def run(self, x, suffix):', '        p = lambda role: getattr(self, role + suffix)', '        states = [x.new_zeros(x.shape[1], width) for width in self.widths]', '        ys = []',
    '        for x_t in x:', '            states = self.step(x_t, states, p)', '            ys.append(states[0])', '        return torch.stack(ys), states', '',
    `    def step(self, x, states, p):`, `        ${step.states.map(({ name: state }) => `${variable(state)}, `).join('').trimEnd()} = states`, ...indent(stepLines(step), 8),
  ];
}

function stepLines(step: Step): string[] {
  const share = sharing();
  const next = step.next.map(share);
  const names = new Map(step.names.map(({ name, value }) => [share(value), `${variable(name)}_new`]));
  const order = topological(next);
  const uses = new Map<Expr, number>();
  for (const node of order) for (const child of children(node)) uses.set(child, (uses.get(child) ?? 0) + 1);
  const lines: string[] = [];
  const texts = new Map<Expr, string>();
  for (const node of order) {
    const text = written(node, step, (child) => texts.get(child) as string);
    const atom = node.kind === 'constant' || node.kind === 'input';
    const name = atom ? undefined : (names.get(node) ?? ((uses.get(node) ?? 0) > 1 ? `t${lines.length}` : undefined));
    if (name !== undefined) lines.push(`${name} = ${text}`);
    texts.set(node, name ?? text);
  }
  return [...lines, `return [${next.map((node) => texts.get(node)).join(', ')}]`];
}

function written(node: Expr, step: Step, text: (child: Expr) => string): string {
  switch (node.kind) {
    case 'constant': return `torch.tensor(${Number.isFinite(node.value) ? node.value : `float("${String(node.value).replace('Infinity', 'inf').toLowerCase()}")`})`;
    case 'input': return step.vectors.some(({ name }) => name === node.name) ? `p("${node.name}")` : variable(node.name);
    case 'random': throw new ExchangeError('pytorch: the cell draws random numbers, as dropout and zoneout do in training; give the cell without them.');
    case 'mean': return `${text(node.operand)}.mean(-1, keepdim=True)`;
    case 'apply': return pythonOps[node.op](...node.args.map(text));
    case 'dot': {
      const [term] = node.terms;
      const weight = step.weights.find(({ name }) => name === node.weight);
      if (term === undefined || weight === undefined) throw new ExchangeError(`pytorch: there is no way to write the product with weight "${node.weight}".`);
      const rows = `[${term.block * weight.rows}:${(term.block + 1) * weight.rows}]`;
      return `nn.functional.linear(${text(term.operand)}, p("weight_${weight.name}")${rows}${weight.bias ? `, p("bias_${weight.name}")${rows}` : ''})`;
    }
  }
}

// Names of equations that Python reserves, or that the loop uses.
function variable(name: string): string {
  return /^(lambda|in|is|or|and|not|if|as|p|states|self|torch|nn)$/.test(name) ? `${name}_` : name;
}

type Write = (...args: readonly string[]) => string;
const call = (name: string): Write => (...args) => `torch.${name}(${args.join(', ')})`;
const between = (operator: string): Write => (a, b) => `(${a} ${operator} ${b})`;
const comparison = (operator: string): Write => (a, b) => `(${a} ${operator} ${b}).float()`;

const pythonOps: Readonly<Record<ScalarOp, Write>> = {
  add: between('+'), sub: between('-'), mul: between('*'), div: between('/'), min: call('minimum'), max: call('maximum'),
  less: comparison('<'), lessEqual: comparison('<='), equal: comparison('=='),
  neg: (a) => `(-${a})`, abs: call('abs'), floor: call('floor'), sqrt: call('sqrt'), exp: call('exp'), log: call('log'), tanh: call('tanh'), sigmoid: call('sigmoid'), relu: call('relu'),
  select: (condition, yes, no) => `torch.where(${condition} != 0, ${yes}, ${no})`,
};
