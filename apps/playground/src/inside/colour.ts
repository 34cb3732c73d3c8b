/** A colour: red, green, blue from 0 to 255. */
export type Colour = readonly [number, number, number];

/** Ends and middle of the map: blue below, orange above, as the page's theme has them. They differ in lightness too, and for every kind of colour blindness. */
export interface Palette { readonly negative: Colour; readonly zero: Colour; readonly positive: Colour }

/** What a value may be: a share from 0 (nothing passes) to 1, or a number on both sides of 0 with its largest size. */
export interface Range { readonly kind: 'share' | 'signed'; readonly size: number }

/** The colour of a value: the middle at 0, the ends at the largest size. What is no number is grey. */
export function colourOf(value: number, { size }: Range, { negative, zero, positive }: Palette): Colour {
  if (Number.isNaN(value)) return [128, 128, 128];
  const share = Math.min(1, Math.abs(value) / size);
  const end = value < 0 ? negative : positive;
  const mixed = (k: 0 | 1 | 2): number => Math.round(zero[k] + (end[k] - zero[k]) * share);
  return [mixed(0), mixed(1), mixed(2)];
}

/** `rgb(…)` as style sheets write it. */
export function css([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** A colour from `#rrggbb`; black where it is none. */
export function parsed(text: string): Colour {
  const digits = /^#([\da-f]{6})$/iu.exec(text.trim())?.[1] ?? '000000';
  const part = (k: number): number => Number.parseInt(digits.slice(2 * k, 2 * k + 2), 16);
  return [part(0), part(1), part(2)];
}

/** The palette of the theme that an element stands in. */
export function paletteOf(style: Pick<CSSStyleDeclaration, 'getPropertyValue'>): Palette {
  const read = (name: string): Colour => parsed(style.getPropertyValue(name));
  return { negative: read('--negative'), zero: read('--zero'), positive: read('--positive') };
}

/** A matrix (T, H), row by row, as the pixels of a picture that is T wide and H high: time to the right, units downwards. */
export function pixels(values: ArrayLike<number>, length: number, hidden: number, range: Range, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const made = new Uint8ClampedArray(length * hidden * 4);
  for (let t = 0; t < length; t++) {
    for (let k = 0; k < hidden; k++) {
      made.set(colourOf(values[t * hidden + k] as number, range, palette), (k * length + t) * 4);
      made[(k * length + t) * 4 + 3] = 255;
    }
  }
  return made;
}

/** The lighter or the darker ink, whichever is easier to read on a colour. */
export function inkOn([red, green, blue]: Colour): 'black' | 'white' {
  return 0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 + 0.0722 * (blue / 255) ** 2.2 > 0.18 ? 'black' : 'white';
}
