/** Completion for zsh, by its own `_describe`, which shows what each word does. */
import { type Place, quoted, type Word } from './places.js';

export function zshScript(places: readonly Place[]): string {
  return `#compdef chatlio-aep
# Completion of chatlio-aep for zsh. Add to ~/.zshrc, after compinit: source <(chatlio-aep completion zsh)
_chatlio_aep() {
  local at='' word
  local -a offered options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      (${places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)])).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at|\${words[CURRENT-1]}" in
${places.flatMap(valuesOf).join('\n')}
    (*) case "$at" in
${places.map(wordsOf).join('\n')}
    esac ;;
  esac
  [[ \${words[CURRENT]} == -* ]] && offered=("\${(@)options}")
  _describe 'chatlio-aep' offered || _files
}
compdef _chatlio_aep 'chatlio-aep'`;
}

function valuesOf({ path, options }: Place): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(({ names, choices, description }) => {
      const patterns = names.map((name) => quoted(`${path}|${name}`)).join('|');
      return `    (${patterns}) offered=(${entries(choices.map((word) => ({ word, description })))}) ;;`;
    });
}

function wordsOf({ path, words, options }: Place): string {
  const flags = options.map(({ names: [word = ''], description }) => ({ word, description }));
  return `      (${quoted(path)}) offered=(${entries(words)}) options=(${entries(flags)}) ;;`;
}

/** `word:description`, as `_describe` takes it. */
function entries(words: readonly Word[]): string {
  return words.map(({ word, description }) => quoted(`${word}:${description}`)).join(' ');
}
