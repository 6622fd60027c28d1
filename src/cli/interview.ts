/** The questions of `init`. */
import { cancel, group, text } from '@clack/prompts';
import { parseManifest } from '../manifest/read.js';
import type { Interview } from './commands/init.js';

/** The manifest's own rules judge each answer while it is typed. */
function faultOf(field: 'name' | 'sandbox' | 'key', value: string): string | undefined {
  const parsed = parseManifest({
    version: 1,
    name: field === 'name' ? value : 'any',
    sandbox: field === 'sandbox' ? value : 'any',
    chatlio: { widgets: [{ key: field === 'key' ? value : 'any' }] },
  });
  return parsed.ok ? undefined : `Expected ${parsed.problems[0]?.expected ?? 'something else'}`;
}

export const interview: Interview = async (known) => {
  const question = (message: string, field: 'name' | 'sandbox' | 'key', suggestion: string) => () =>
    text({
      message,
      placeholder: suggestion,
      defaultValue: suggestion,
      validate: (value) => (value === undefined || value === '' ? undefined : faultOf(field, value)),
    });
  let left = false;
  const answers = await group(
    {
      name: known.name === undefined ? question('Name of the source', 'name', 'support-chat') : async () => known.name,
      sandbox:
        known.sandbox === undefined
          ? question('Technical name of the Adobe sandbox', 'sandbox', 'prod')
          : async () => known.sandbox,
      widget:
        known.widgets === undefined
          ? question('A name of your own for the chat widget', 'key', 'main-site')
          : async () => known.widgets?.[0],
    },
    {
      onCancel: () => {
        left = true;
        cancel('Nothing was written.');
      },
    },
  );
  const { name, sandbox, widget } = answers;
  if (left || name === undefined || sandbox === undefined || widget === undefined) return undefined;
  return { name, sandbox, widgets: known.widgets ?? [widget] };
};
