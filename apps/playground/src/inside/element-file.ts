import { fileOf } from './saving.ts';

/** What a picture leaves out: what is there to be pressed, and what only a screen reader says. */
const left = 'button, select, input, textarea, details, .sr-only, [data-unsaved]';

/** A piece of the page as an SVG file: its texts, backgrounds, canvases and drawings where they stand, also those that are scrolled out of sight. */
export function fileOfElement(root: HTMLElement, margin = 12): string {
  const origin = root.getBoundingClientRect();
  const paper = getComputedStyle(root).getPropertyValue('--surface') || '#ffffff';
  const page = new Page(origin.left - margin, origin.top - margin);
  // What is scrolled is drawn from its beginning, then put back; nobody sees it move.
  const scrolled = [root, ...root.querySelectorAll('*')].flatMap((element) => (element.scrollLeft > 0 ? [{ element, left: element.scrollLeft }] : []));
  for (const { element } of scrolled) element.scrollLeft = 0;
  drawn(root, page);
  for (const { element, left: to } of scrolled) element.scrollLeft = to;
  const [width, height] = [Math.ceil(page.right + margin), Math.ceil(page.bottom + margin)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><rect width="${width}" height="${height}" fill="${paper}"/>${page.parts.join('')}</svg>`;
}

// Private.

/** Parts of a picture, and how far they reach. */
class Page {
  readonly parts: string[] = [];
  readonly #left: number;
  readonly #top: number;
  right = 0;
  bottom = 0;

  constructor(left: number, top: number) {
    [this.#left, this.#top] = [left, top];
  }

  /** The place of a box of the page in the picture; undefined where it has no size. */
  place({ left, top, width, height }: DOMRect): { x: number; y: number; width: number; height: number } | undefined {
    if (width === 0 || height === 0) return undefined;
    const [x, y] = [left - this.#left, top - this.#top];
    [this.right, this.bottom] = [Math.max(this.right, x + width), Math.max(this.bottom, y + height)];
    return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) };
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function drawn(element: Element, page: Page): void {
  const style = getComputedStyle(element);
  if (style.display === 'none' || style.visibility === 'hidden' || element.matches(left)) return;
  if (element instanceof SVGSVGElement) return embedded(page, element.getBoundingClientRect(), fileOf(element));
  if (element instanceof HTMLCanvasElement) return image(page, element);
  background(page, element, style);
  if (element.localName === 'i') stroke(page, element, style);
  for (const child of element.childNodes) {
    if (child instanceof Element) drawn(child, page);
    else if (child instanceof Text) texts(page, child, element, style);
  }
}

function embedded(page: Page, box: DOMRect, file: string): void {
  const place = page.place(box);
  if (place !== undefined) page.parts.push(file.replace(/^<svg ([^>]*?)width="[^"]*" height="[^"]*"/u, `<svg $1x="${place.x}" y="${place.y}" width="${place.width}" height="${place.height}"`));
}

function image(page: Page, canvas: HTMLCanvasElement): void {
  const place = page.place(canvas.getBoundingClientRect());
  if (place !== undefined) page.parts.push(`<image x="${place.x}" y="${place.y}" width="${place.width}" height="${place.height}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${canvas.toDataURL()}"/>`);
}

function background(page: Page, element: Element, style: CSSStyleDeclaration): void {
  const stops = /^linear-gradient\((?:[^,(]*,)?\s*((?:rgba?|color)\(.*\))\)$/u.exec(style.backgroundImage)?.[1]?.match(/(?:rgba?|color)\([^)]*\)/gu);
  const plain = style.backgroundColor;
  if (stops === undefined && /^rgba\(.*, 0\)$|\/ 0\)$|^transparent$/u.test(plain)) return;
  const place = page.place(element.getBoundingClientRect());
  if (place === undefined) return;
  const id = `g${page.parts.length}`;
  const gradient = stops === undefined || stops === null ? '' : `<linearGradient id="${id}">${stops.map((colour, k) => `<stop offset="${k / Math.max(1, stops.length - 1)}" stop-color="${plainColour(colour)}"/>`).join('')}</linearGradient>`;
  page.parts.push(`${gradient}<rect x="${place.x}" y="${place.y}" width="${place.width}" height="${place.height}" rx="${Number.parseFloat(style.borderTopLeftRadius) || 0}" fill="${gradient === '' ? plainColour(plain) : `url(#${id})`}"/>`);
}

// Legends show lines as the upper border of an element.
function stroke(page: Page, element: Element, style: CSSStyleDeclaration): void {
  const width = Number.parseFloat(style.borderTopWidth);
  if (!(width > 0) || style.borderBottomWidth !== '0px') return;
  const place = page.place(element.getBoundingClientRect());
  const dash = { dashed: ' stroke-dasharray="4 3"', dotted: ' stroke-dasharray="1 3"' }[style.borderTopStyle] ?? '';
  if (place !== undefined) page.parts.push(`<line x1="${place.x}" x2="${place.x + place.width}" y1="${place.y + width / 2}" y2="${place.y + width / 2}" stroke="${plainColour(style.borderTopColor)}" stroke-width="${width}"${dash}/>`);
}

function texts(page: Page, node: Text, parent: Element, style: CSSStyleDeclaration): void {
  const text = node.data;
  const range = document.createRange();
  for (const word of text.matchAll(/\S+/gu)) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const box = range.getBoundingClientRect();
    const place = page.place(box);
    if (place === undefined) continue;
    // Letters of formulas are slanted by the browser where they stand alone.
    const slanted = style.fontStyle === 'italic' || (parent.localName === 'mi' && [...text.trim()].length === 1);
    const struck = parent.closest('s') === null ? '' : ' text-decoration="line-through"';
    const opacity = style.opacity === '1' ? '' : ` opacity="${style.opacity}"`;
    page.parts.push(`<text x="${place.x}" y="${rounded(place.y + baseline(style, place.height))}"${word[0].length > 1 ? ` textLength="${place.width}" lengthAdjust="spacingAndGlyphs"` : ''} font-family="${escaped(style.fontFamily)}" font-size="${style.fontSize}" font-weight="${style.fontWeight}"${slanted ? ' font-style="italic"' : ''} fill="${plainColour(style.color)}"${struck}${opacity}>${escaped(word[0])}</text>`);
  }
}

let ruler: CanvasRenderingContext2D | null = null;

/** From the upper edge of a line's box to where its letters stand. */
function baseline(style: CSSStyleDeclaration, height: number): number {
  ruler ??= document.createElement('canvas').getContext('2d');
  if (ruler === null) return height * 0.8;
  ruler.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText('x');
  return (height - up - down) / 2 + up;
}

/** `color(srgb …)`, which mixed colours are computed to, as other programs read it. */
export function plainColour(colour: string): string {
  const parts = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/u.exec(colour);
  if (parts === null) return colour;
  const [r, g, b] = parts.slice(1, 4).map((part) => Math.round(Number(part) * 255));
  return parts[4] === undefined ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${parts[4]})`;
}
