/** The options of nn.RNN, nn.LSTM and nn.GRU that decide which parameters there are; PyTorch's names and defaults. */
export interface RecurrentParameterOptions {
  /** Stacked layers, L. Default 1. */
  readonly numLayers?: number;
  /** Default true: two biases per layer and direction. */
  readonly bias?: boolean;
  /** Default false. */
  readonly bidirectional?: boolean;
  /** Above 0, the LSTM's output is projected to that size. Default 0. */
  readonly projSize?: number;
}

/**
 * The state_dict names of nn.RNN, nn.LSTM or nn.GRU, in PyTorch's order: by layer, then direction, then role
 * (`weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_hr_l0`, `weight_ih_l0_reverse`, ...).
 *
 * Shapes, with H' the projection size or else H, and D directions: `weight_ih` [G * H, I] in layer 0 and [G * H, D * H']
 * above, `weight_hh` [G * H, H'], `bias_ih` and `bias_hh` [G * H], `weight_hr` [H', H]. The G gates lie in the order of
 * `gateOrders.pytorch`.
 *
 * @throws {RangeError} where `numLayers` is not a whole number from 1.
 */
export function recurrentParameterNames(options: RecurrentParameterOptions = {}): string[] {
  const { numLayers = 1, bias = true, bidirectional = false, projSize = 0 } = options;
  if (!Number.isSafeInteger(numLayers) || numLayers < 1) {
    throw new RangeError(`recurrentParameterNames: numLayers must be a whole number from 1, got ${numLayers}`);
  }
  const roles = ['weight_ih', 'weight_hh', ...(bias ? ['bias_ih', 'bias_hh'] : []), ...(projSize > 0 ? ['weight_hr'] : [])];
  const directions = bidirectional ? ['', '_reverse'] : [''];
  const layers = Array.from({ length: numLayers }, (_, layer) => `_l${layer}`);
  return layers.flatMap((layer) => directions.flatMap((direction) => roles.map((role) => role + layer + direction)));
}
