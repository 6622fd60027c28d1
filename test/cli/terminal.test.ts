import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput, type Output } from '../../src/cli/terminal/output.js';
import { renderError } from '../../src/cli/render/error.js';
import { renderEvent } from '../../src/cli/render/events/events.js';
import { renderException } from '../../src/cli/render/events/held.js';
import { codedError } from '../../src/domain/errors.js';
import { createProcessLog } from '../../src/process/log.js';

const CLIPBOARD = '\u001b]52;c;cm0gLXJmIC8=\u0007';
const GREEN = '\u001b[32m';
const C1 = '\u009b2J';
const REVERSED = '\u202egnp.exe';

function outputTo(format: 'human' | 'json', colour: boolean): { readonly output: Output; readonly read: () => string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const output = createOutput({ command: 'test', format, verbose: false, stdout, stderr, colour, program: 'caep' });
  return { output, read: () => `${String(stdout.read() ?? '')}${String(stderr.read() ?? '')}` };
}

describe('what a command prints', () => {
  it('has our own colours, and nobody else’s', () => {
    const { output, read } = outputTo('human', true);
    output.result({}, () => `${output.paint.good('✔')} ${GREEN}✔ all is well${CLIPBOARD}${C1}${REVERSED}`);
    output.note(`${CLIPBOARD}${C1}`);
    const shown = read();
    expect(shown).toContain('\u001b[32m✔\u001b[39m \\x1b[32m✔ all is well\\x1b]52;');
    expect(shown.replaceAll(/\p{Cc}\[\d+m/gu, '')).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
  });

  it('means the same as JSON, without a control in it', () => {
    const { output, read } = outputTo('json', false);
    const by = `${CLIPBOARD}${C1}${REVERSED}`;
    output.result({ by }, () => '');
    const shown = read();
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    expect(JSON.parse(shown)).toMatchObject({ by });
  });

  it('keeps what others say within its line', () => {
    const { output } = outputTo('human', false);
    const { error } = codedError('CAEP_TITLE_TAKEN', {
      title: 'a\n✔ Everything is fine',
      holder: 'b',
      field: 'c',
      name: 'd',
    });
    expect(renderError(error, output.paint)).not.toMatch(/^✔/m);
    const exception = {
      id: 1,
      version: 1,
      eventId: 'ab',
      reason: 'unreadable',
      state: 'held',
      attempts: 1,
      arrivals: 1,
      since: '2026-11-21T10:00:00Z',
    } as const;
    const shown = renderException(
      {
        exception,
        allowed: [],
        evidence: [{ at: exception.since, fact: 'one\n✔ two' }],
        decisions: [],
        bodyBytes: 9,
        body: 'a\n✔ b',
        answers: [{ at: exception.since, text: 'no\n✔ yes' }],
      },
      { name: 'support-chat', now: 0 },
      output.paint,
    );
    expect(shown).not.toMatch(/^✔/m);
    const event = { kind: 'feedback', eventId: 'ab', loggedAt: exception.since, occurredAt: exception.since } as const;
    expect(renderEvent({ ...event, state: 'held' } as never, output.paint, { body: 'a\n✔ b' })).not.toMatch(/^✔/m);
  });
});

describe('the log of a process', () => {
  it('has no control in it', () => {
    const stream = new PassThrough();
    createProcessLog({ level: 'info', stream }).log.info({ reason: `${C1}${REVERSED}` }, 'said');
    const line = String(stream.read());
    expect(line).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    expect(JSON.parse(line)).toMatchObject({ reason: `${C1}${REVERSED}` });
  });
});
