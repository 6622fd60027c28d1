/** Completion for bash, without a package: `complete` is a part of bash. */
import { type Place, quoted } from './places.js';

export function bashScript(places: readonly Place[]): string {
  return `# Completion of chatlio-aep for bash. Add to ~/.bashrc: source <(chatlio-aep completion bash)
_chatlio_aep() {
  local at='' current=\${COMP_WORDS[COMP_CWORD]} options='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join(' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|\${COMP_WORDS[COMP_CWORD - 1]}" in
${places.flatMap(valuesOf).join('\n')}
    *) case "$at" in
${places.map(wordsOf).join('\n')}
    esac ;;
  esac
  [[ $current == -* ]] && words=$options
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _chatlio_aep 'chatlio-aep'`;
}

/** After an option with a value: its choices, or files. */
function valuesOf({ path, options }: Place): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ names, choices }) => {
      const patterns = names.map((name) => quoted(`${path}|${name}`)).join(' | ');
      return `    ${patterns}) words=${quoted(choices.join(' '))} ;;`;
    });
}

function wordsOf({ path, words, options }: Place): string {
  const plain = words.map(({ word }) => word).join(' ');
  const flags = options.flatMap(({ names }) => names.slice(0, 1)).join(' ');
  return `      ${quoted(path)}) words=${quoted(plain)} options=${quoted(flags)} ;;`;
}
