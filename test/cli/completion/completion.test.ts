/** What shells offer, as they find it: bash by running its function, the others as far as their scripts say. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { loadCommands } from '../../../src/cli/commands/index.js';
import { bashScript } from '../../../src/cli/completion/bash.js';
import { fishScript } from '../../../src/cli/completion/fish.js';
import { placesOf, quoted } from '../../../src/cli/completion/places.js';
import { zshScript } from '../../../src/cli/completion/zsh.js';
import { createProgram } from '../../../src/cli/program.js';

const program = createProgram(await loadCommands(), { version: '0', run: () => Promise.resolve() });
const places = placesOf(program);

/** @param line its last word is the one that is completed */
function inBash(line: string): string[] {
  const words = line.split(' ').map(quoted).join(' ');
  const script = `${bashScript(places)}
    COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _chatlio_aep; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('the places', () => {
  it('are all commands, with their own options and those of every command', () => {
    expect(places.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['', 'status', 'held resend', 'completion', 'help']),
    );
    const list = places.find(({ path }) => path === 'held list');
    expect(list?.options.flatMap(({ names }) => names)).toEqual(
      expect.arrayContaining(['--kind', '--output', '-o', '--help']),
    );
  });
});

describe('bash', () => {
  it.each([
    ['chatlio-aep sta', ['status']],
    ['chatlio-aep held mark', ['mark-delivered']],
    ['chatlio-aep held list --rea', ['--reason']],
    ['chatlio-aep held list --kind feed', ['feedback']],
    ['chatlio-aep held --output json li', ['list']],
    ['chatlio-aep -o j', ['json']],
    ['chatlio-aep send support-chat fe', ['feedback']],
    ['chatlio-aep completion ', ['bash', 'zsh', 'fish']],
    ['chatlio-aep help dri', ['drift']],
    // An argument that is called as a command is none.
    ['chatlio-aep status held --rea', []],
    // Files, which bash offers by itself where there is nothing else.
    ['chatlio-aep plan ', []],
    ['chatlio-aep plan --save ', []],
  ])('offers after %j: %j', (line, offered) => {
    expect(inBash(line)).toEqual(offered);
  });

  it('offers every command', () => {
    expect(inBash('chatlio-aep ')).toEqual(program.commands.map((command) => command.name()));
  });
});

describe.each([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
] as const)('the script for %s', (shell, scriptOf) => {
  const script = scriptOf(places);

  it('has every command and every option', () => {
    const words = places.flatMap(({ path, options }) => [
      path.split(' ').at(-1) ?? '',
      ...options.flatMap(({ names }) => names.slice(0, 1)),
    ]);
    // Fish names an option without its dashes, after a flag of its own.
    const named = (word: string) => (shell === 'fish' ? word.replace(/^--/, '-l ') : word);
    expect(words.length).toBeGreaterThan(100);
    expect(words.filter((word) => !script.includes(named(word)))).toEqual([]);
  });

  it('has texts in quotes only, so that none of them is taken for code', () => {
    // A quote within one ends it, adds a quote, and begins it anew.
    const bare = script
      .replaceAll(/^ *#.*$/gm, '')
      .replaceAll(String.raw`'\''`, '')
      .replaceAll(/'[^']*'/g, '');
    expect(bare).not.toContain('`');
    expect(bare).not.toMatch(/[a-z] (the|of|an?) [a-z]/);
  });
});
