/** Completion for fish: a line for each word, with the place where it is offered as its condition. */
import { type OfferedOption, type Place, quoted, type Word } from './places.js';

export function fishScript(places: readonly Place[]): string {
  return `# Completion of chatlio-aep for fish. Write it to ~/.config/fish/completions/chatlio-aep.fish
function __chatlio_aep_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$at $word")
        contains -- $next ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' ')}; and set at $next
    end
    test "$at" = "$argv[1]"
end
${places.flatMap(linesOf).join('\n')}`;
}

function linesOf({ path, words, options }: Place): string[] {
  const start = `complete -c 'chatlio-aep' -n ${quoted(`__chatlio_aep_at "${path}"`)}`;
  return [...words.map((word) => `${start} ${wordLine(word)}`), ...options.map((one) => `${start} ${optionLine(one)}`)];
}

function wordLine({ word, description }: Word): string {
  return `-f -a ${quoted(word)} -d ${quoted(description)}`;
}

function optionLine({ names, description, takesValue, choices }: OfferedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = choices.length > 0 ? ['-x', '-a', quoted(choices.join(' '))] : takesValue ? ['-r'] : [];
  return [...flags, ...value, '-d', quoted(description)].join(' ');
}
