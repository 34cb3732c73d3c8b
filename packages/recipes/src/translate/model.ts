import type { Cell } from '@unroll/cells';
import type { SequenceShape } from '@unroll/datasets';
import { AdditiveAttention, Decoder, DotAttention, Encoder, EncoderDecoder, type Attention } from '@unroll/layers';
import type { Generator } from '@unroll/tensor';
import { check } from '../errors.ts';
import type { AttentionName, TranslateConfig } from './config.ts';

/** The id that ends an answer, and stands before its first symbol. */
export const endOfAnswer = 0;

interface Parts { readonly cell: Cell; readonly generator?: Generator }

/** The encoder-decoder that a description asks for: V ids to read, V′ to write, H hidden. Throws RecipeError `argument` for `dot` over two directions. */
export function translator({ hidden, layers, embedding, dropout, bidirectional, attention }: TranslateConfig, { inputSize, targetSize }: SequenceShape, { cell, ...parameters }: Parts): EncoderDecoder {
  check(attention !== 'dot' || !bidirectional, 'argument', () => 'translate: attention "dot" needs bidirectional: false, since a dot product compares states of one size; choose "general" or "additive" for two directions.');
  const options = { numLayers: layers, dropout, ...parameters };
  const encoder = new Encoder(cell, inputSize, embedding, hidden, { ...options, bidirectional });
  const attending = attentions[attention]?.(hidden, encoder.rnn.outputSize, parameters);
  const decoder = new Decoder(cell, targetSize, embedding, hidden, { ...options, ...(attending === undefined ? {} : { attention: attending }) });
  return new EncoderDecoder(encoder, decoder, { start: endOfAnswer, ...parameters });
}

const attentions: Readonly<Record<AttentionName, ((query: number, memory: number, parameters: Omit<Parts, 'cell'>) => Attention) | undefined>> = {
  none: undefined,
  dot: (query, memory, parameters) => new DotAttention(query, memory, parameters),
  general: (query, memory, parameters) => new DotAttention(query, memory, { score: 'general', ...parameters }),
  additive: (query, memory, parameters) => new AdditiveAttention(query, memory, parameters),
};
