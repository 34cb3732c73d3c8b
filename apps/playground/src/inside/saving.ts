/** Properties of style sheets that a picture needs to look the same by itself. */
const properties = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font', 'font-size', 'font-style', 'font-weight', 'font-family', 'text-anchor', 'dominant-baseline', 'paint-order', 'letter-spacing', 'vector-effect', 'stroke-linejoin', 'stroke-linecap'] as const;

/** An SVG of the page as a file: with its own styles, size and background. */
export function fileOf(picture: SVGSVGElement): string {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const [sources, targets] = [[picture, ...picture.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]];
  for (const [k, source] of sources.entries()) {
    const style = getComputedStyle(source);
    (targets[k] as Element).setAttribute('style', properties.map((name) => `${name}:${style.getPropertyValue(name)}`).join(';'));
    for (const name of ['tabindex', 'role', 'class']) (targets[k] as Element).removeAttribute(name);
  }
  const { width, height } = sizeOf(picture);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const background = getComputedStyle(picture).getPropertyValue('--surface') || '#ffffff';
  const box = picture.viewBox.baseVal;
  copy.insertAdjacentHTML('afterbegin', `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="${background}"/>`);
  return new XMLSerializer().serializeToString(copy);
}

/** Saves an SVG file as it is, or as pixels at twice its size. */
export async function save(file: string, name: string, kind: 'svg' | 'png'): Promise<void> {
  if (kind === 'svg') return download(new Blob([file], { type: 'image/svg+xml' }), `${name}.svg`);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(file)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob !== null) download(blob, `${name}.png`);
}

// Private.

function sizeOf(picture: SVGSVGElement): { width: number; height: number } {
  const { width, height } = picture.getBoundingClientRect();
  const box = picture.viewBox.baseVal;
  return { width: Math.round(box.width || width), height: Math.round(box.height || height) };
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
