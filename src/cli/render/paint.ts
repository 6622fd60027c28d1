/** Colours and symbols of the terminal. */
import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { printable } from '../../domain/printable.js';

const STYLES = {
  strong: 'bold',
  faint: 'dim',
  good: 'green',
  bad: 'red',
  caution: 'yellow',
  hint: 'cyan',
} as const;

export type Style = keyof typeof STYLES;
export type Paint = Readonly<Record<Style, (text: string) => string>>;

/** Tells our colours from sequences in texts of others, who cannot know it. */
const OURS = randomInt(100_000_000, 1_000_000_000);
const OUR_COLOUR = new RegExp(`\\u001b\\[(\\d+);${OURS}m`);

/** What is written to a terminal: our own colours, and {@link printable} text. Everything that is printed goes through it. */
export function toTerminal(text: string): string {
  return text
    .split(OUR_COLOUR)
    .map((part, index) => (index % 2 === 0 ? printable(part) : `\u001b[${part}m`))
    .join('');
}

/** Its colours are for {@link toTerminal}. */
export function createPaint(colour: boolean): Paint {
  const painter = (style: Style) => {
    const codes = inspect.colors[STYLES[style]];
    return colour && codes !== undefined
      ? (text: string) => `\u001b[${codes[0]};${OURS}m${text}\u001b[${codes[1]};${OURS}m`
      : (text: string) => text;
  };
  return {
    strong: painter('strong'),
    faint: painter('faint'),
    good: painter('good'),
    bad: painter('bad'),
    caution: painter('caution'),
    hint: painter('hint'),
  };
}
