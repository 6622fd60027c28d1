/** The questions of `init`. */
import type { Readable, Writable } from 'node:stream';
import { cancel, isCancel, text } from '@clack/prompts';
import { faultOf } from '../commands/installation/init.js';
import type { Answers, Interview } from '../ports.js';

interface Terminal {
  readonly input?: Readable;
  readonly output?: Writable;
}

const QUESTIONS = {
  name: { message: 'Name of the source', suggestion: 'support-chat' },
  sandbox: { message: 'Technical name of the Adobe sandbox', suggestion: 'prod' },
  widget: { message: 'A name of your own for the chat widget', suggestion: 'main-site' },
} as const;

/** @param terminal of this process, unless another one is given */
export function createInterview(terminal: Terminal = {}): Interview {
  /** Undefined: the person has left with Ctrl-C. */
  async function ask(field: keyof typeof QUESTIONS): Promise<string | undefined> {
    const { message, suggestion } = QUESTIONS[field];
    const answer = await text({
      ...terminal,
      message,
      placeholder: suggestion,
      defaultValue: suggestion,
      // The manifest's own rules judge each answer while it is typed.
      validate: (value) => (value === undefined || value === '' ? undefined : faultOf(field, value)),
    });
    if (!isCancel(answer)) return answer;
    cancel('Nothing was written.', terminal);
    return undefined;
  }

  return async (known): Promise<Answers | undefined> => {
    const name = known.name ?? (await ask('name'));
    if (name === undefined) return undefined;
    const sandbox = known.sandbox ?? (await ask('sandbox'));
    if (sandbox === undefined) return undefined;
    const widget = known.widgets?.[0] ?? (await ask('widget'));
    return widget === undefined ? undefined : { name, sandbox, widgets: known.widgets ?? [widget] };
  };
}
