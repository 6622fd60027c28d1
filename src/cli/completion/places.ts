/** What can be typed where, read from the grammar: the one thing that the scripts of all shells are made of. */
import type { Command as Commander, Option } from 'commander';

export interface Word {
  readonly word: string;
  readonly description: string;
}

export interface OfferedOption {
  /** `--output`, and `-o` where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Of its value; empty where that is free. */
  readonly choices: readonly string[];
}

/** After the words of a command. */
export interface Place {
  /** Empty before any command; else for example `held resend`. */
  readonly path: string;
  /** Commands, and choices of arguments. */
  readonly words: readonly Word[];
  readonly options: readonly OfferedOption[];
}

/** @returns the place before any command first, and each command after the one that it belongs to */
export function placesOf(program: Commander): readonly Place[] {
  const [start, ...others] = placesBelow(program, []);
  if (start === undefined) return [];
  // `help` takes the words of commands.
  const afterHelp = { words: start.words.filter(({ word }) => word !== 'help') };
  return [start, ...others.map((place) => (place.path === 'help' ? { ...place, ...afterHelp } : place))];
}

function placesBelow(command: Commander, before: readonly string[]): Place[] {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  const commands = command.commands.map((one) => ({ word: one.name(), description: one.description() }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((word) => ({ word, description })),
  );
  const place = { path: before.join(' '), words: [...commands, ...choices], options: options.map(offered) };
  return [place, ...command.commands.flatMap((one) => placesBelow(one, [...before, one.name()]))];
}

function offered({ long, short, description, required, optional, argChoices }: Option): OfferedOption {
  const names = [long, short].filter((name) => typeof name === 'string');
  return { names, description, takesValue: required || optional, choices: argChoices ?? [] };
}

/** Of a shell that takes single quotes: bash, zsh and fish do. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
