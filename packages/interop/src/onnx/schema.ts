/** What a field holds: a number of protobuf's kinds, text, bytes, or another message. */
export type FieldKind = 'int64' | 'float' | 'string' | 'bytes' | MessageName;

/** A field of a message: its number in the file and what it holds. */
export interface FieldRule { readonly id: number; readonly kind: FieldKind; readonly repeated?: true }

/** The messages of onnx.proto that a recurrent network needs. */
export type MessageName = 'model' | 'opset' | 'graph' | 'node' | 'attribute' | 'tensor' | 'value' | 'type' | 'tensorType' | 'shape' | 'dimension' | 'entry';

/** Values of a file whose fields are not in this table are kept out when it is read: nothing here depends on them. */
export const schema: Readonly<Record<MessageName, Readonly<Record<string, FieldRule>>>> = {
  model: {
    irVersion: { id: 1, kind: 'int64' }, producerName: { id: 2, kind: 'string' }, producerVersion: { id: 3, kind: 'string' }, graph: { id: 7, kind: 'graph' },
    opsets: { id: 8, kind: 'opset', repeated: true }, metadata: { id: 14, kind: 'entry', repeated: true },
  },
  opset: { domain: { id: 1, kind: 'string' }, version: { id: 2, kind: 'int64' } },
  entry: { key: { id: 1, kind: 'string' }, value: { id: 2, kind: 'string' } },
  graph: {
    nodes: { id: 1, kind: 'node', repeated: true }, name: { id: 2, kind: 'string' }, initializers: { id: 5, kind: 'tensor', repeated: true },
    inputs: { id: 11, kind: 'value', repeated: true }, outputs: { id: 12, kind: 'value', repeated: true },
  },
  node: {
    inputs: { id: 1, kind: 'string', repeated: true }, outputs: { id: 2, kind: 'string', repeated: true }, name: { id: 3, kind: 'string' },
    op: { id: 4, kind: 'string' }, attributes: { id: 5, kind: 'attribute', repeated: true }, domain: { id: 7, kind: 'string' },
  },
  attribute: {
    name: { id: 1, kind: 'string' }, f: { id: 2, kind: 'float' }, i: { id: 3, kind: 'int64' }, s: { id: 4, kind: 'string' }, t: { id: 5, kind: 'tensor' }, g: { id: 6, kind: 'graph' },
    floats: { id: 7, kind: 'float', repeated: true }, ints: { id: 8, kind: 'int64', repeated: true }, strings: { id: 9, kind: 'string', repeated: true }, type: { id: 20, kind: 'int64' },
  },
  tensor: {
    dims: { id: 1, kind: 'int64', repeated: true }, dataType: { id: 2, kind: 'int64' }, floats: { id: 4, kind: 'float', repeated: true },
    ints: { id: 7, kind: 'int64', repeated: true }, name: { id: 8, kind: 'string' }, raw: { id: 9, kind: 'bytes' }, location: { id: 14, kind: 'int64' },
  },
  value: { name: { id: 1, kind: 'string' }, type: { id: 2, kind: 'type' } },
  type: { tensor: { id: 1, kind: 'tensorType' } },
  tensorType: { elementType: { id: 1, kind: 'int64' }, shape: { id: 2, kind: 'shape' } },
  shape: { dimensions: { id: 1, kind: 'dimension', repeated: true } },
  dimension: { value: { id: 1, kind: 'int64' }, name: { id: 2, kind: 'string' } },
};

/** A message as it is read: fields by name, those that the file does not have left out. */
export interface Model {
  readonly irVersion?: number; readonly producerName?: string; readonly producerVersion?: string; readonly graph?: Graph;
  readonly opsets?: readonly { readonly domain?: string; readonly version?: number }[];
  readonly metadata?: readonly { readonly key?: string; readonly value?: string }[];
}
export interface Graph { readonly nodes?: readonly Node[]; readonly name?: string; readonly initializers?: readonly TensorProto[]; readonly inputs?: readonly Value[]; readonly outputs?: readonly Value[] }
export interface Node {
  readonly inputs?: readonly string[]; readonly outputs?: readonly string[]; readonly name?: string; readonly op?: string; readonly domain?: string;
  readonly attributes?: readonly Attribute[];
}
export interface Attribute {
  readonly name?: string; readonly f?: number; readonly i?: number; readonly s?: string; readonly t?: TensorProto; readonly g?: Graph;
  readonly floats?: readonly number[]; readonly ints?: readonly number[]; readonly strings?: readonly string[]; readonly type?: number;
}
export interface TensorProto {
  readonly dims?: readonly number[]; readonly dataType?: number; readonly floats?: readonly number[]; readonly ints?: readonly number[]; readonly name?: string;
  readonly raw?: Uint8Array; readonly location?: number;
}
export interface Value {
  readonly name?: string;
  readonly type?: { readonly tensor?: { readonly elementType?: number; readonly shape?: { readonly dimensions?: readonly { readonly value?: number; readonly name?: string }[] } } };
}
