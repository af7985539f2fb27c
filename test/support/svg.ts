/** Elements of SVG as text, for pictures that scripts make of data. */

export const FONT = 'font-family="system-ui, sans-serif"';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function rectangle({ x, y, w, h }: Box, fill: string, stroke = '#c8ccd4'): string {
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="4" fill="${fill}" stroke="${stroke}"/>`;
}

export function label(
  text: string,
  x: number,
  y: number,
  {
    size = 12,
    fill = '#24292f',
    anchor = 'start',
    weight = 400,
  }: {
    readonly size?: number;
    readonly fill?: string;
    readonly anchor?: 'start' | 'middle' | 'end';
    readonly weight?: number;
  } = {},
): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

export function picture(width: number, height: number, title: string, elements: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" ${FONT}>`;
  return `${[head, `<title>${escaped(title)}</title>`, `<rect width="${width}" height="${height}" fill="#f6f8fa"/>`, ...elements, '</svg>'].join('\n')}\n`;
}
