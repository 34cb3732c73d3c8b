/** What is used of csv-parse, whose own types bring those of Node with them: tsconfig.portable.json must do without. */
export function parse(input: string, options: {
  readonly bom: boolean;
  readonly delimiter: string;
  readonly trim: boolean;
  readonly skip_empty_lines: boolean;
  readonly on_record: (record: string[], info: { readonly lines: number }) => string[];
}): string[][];
