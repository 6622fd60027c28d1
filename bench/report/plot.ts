/** Line plots as SVG, readable on light and dark pages. */

export interface Plot {
  /** File name without extension. */
  readonly file: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

interface Axis {
  readonly label: string;
  /** Steps of equal ratio in place of equal difference. */
  readonly logarithmic?: boolean;
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 720;
const HEIGHT = 380;
const MARGIN = { left: 80, right: 150, top: 40, bottom: 50 };
/** Told apart also by people who see no difference between red and green (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];
const INK = '#777777';
/** On a logarithmic axis: more of them would stand in each other's way. */
const MOST_VALUES_AS_TICKS = 5;

export function renderPlot({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const across = createScale(
    points.map(([value]) => value),
    x,
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const up = createScale(
    [...points.map(([, value]) => value), ...(y.logarithmic === true ? [] : [0])],
    y,
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    text(MARGIN.left, 22, title, 'font-size="15"'),
    ...across.ticks.map((tick) =>
      text(across.at(tick), HEIGHT - MARGIN.bottom + 18, format(tick), 'text-anchor="middle"'),
    ),
    ...up.ticks.flatMap((tick) => [
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(up.at(tick))}" y2="${round(up.at(tick))}" stroke="${INK}" stroke-opacity="0.25"/>`,
      text(MARGIN.left - 8, up.at(tick) + 4, format(tick), 'text-anchor="end"'),
    ]),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, x.label, 'text-anchor="middle"'),
    text(16, HEIGHT / 2, y.label, `text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})"`),
    ...lines.flatMap((line, index) => renderLine(line, index, across.at, up.at)),
    '</svg>',
    '',
  ].join('\n');
}

function renderLine(line: Line, index: number, x: (value: number) => number, y: (value: number) => number): string[] {
  const colour = COLOURS[index % COLOURS.length] ?? INK;
  const path = line.points.map(([a, b]) => `${round(x(a))},${round(y(b))}`);
  const dots =
    line.points.length > 20
      ? []
      : path.map((point) => `<circle cx="${point.replace(',', '" cy="')}" r="3" fill="${colour}"/>`);
  const legend = MARGIN.top + 10 + index * 18;
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path.join(' ')}"/>`,
    ...dots,
    `<rect x="${WIDTH - MARGIN.right + 14}" y="${legend - 9}" width="12" height="10" fill="${colour}"/>`,
    text(WIDTH - MARGIN.right + 32, legend, line.name, ''),
  ];
}

interface Scale {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

function createScale(values: readonly number[], axis: Axis, from: number, to: number): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (axis.logarithmic === true) {
    const span = Math.log(high / low) || 1;
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    const ticks = distinct.length <= MOST_VALUES_AS_TICKS ? distinct : powersOfTen(low, high);
    return { ticks, at: (value) => from + ((to - from) * Math.log(value / low)) / span };
  }
  const step = niceStep((high - low || 1) / 5);
  const first = Math.floor(low / step) * step;
  const last = Math.ceil(high / step) * step;
  const ticks = Array.from({ length: Math.round((last - first) / step) + 1 }, (_, index) => first + index * step);
  return { ticks, at: (value) => from + ((to - from) * (value - first)) / (last - first) };
}

function powersOfTen(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => 10 ** (first + index));
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function format(value: number): string {
  if (Math.abs(value) >= 1e6) return `${round(value / 1e6)}M`;
  if (Math.abs(value) >= 1e4) return `${round(value / 1e3)}k`;
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
