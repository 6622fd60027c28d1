/** Colours and symbols of the terminal. */
import { inspect } from 'node:util';

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

export function createPaint(colour: boolean): Paint {
  const painter = (style: Style) => {
    const codes = inspect.colors[STYLES[style]];
    return colour && codes !== undefined
      ? (text: string) => `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`
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
