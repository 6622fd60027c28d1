import { EXIT_CODES } from '../../../domain/errors.js';
import { accessKeyOf, readKeyFile } from '../../../store/keys/keyFile.js';
import { mergeKeyFiles, rotateKeyFile } from '../../../store/keys/keyFileChanges.js';
import type { Command } from '../../ports.js';
import { renderCreatedKeys, renderMergedKeys, renderRotatedKeys } from '../../render/installation/keys.js';
import type { CommandFamily } from '../../grammar/commandLine.js';

/** Makes the key file of a new installation. */
export const createKeys: Command<object> = async (context) => {
  const configuration = context.configuration();
  // Loaded when needed: it looks into the database, which no other command here does.
  const { createInstallationKey } = await import('../../../store/keys/keyCreation.js');
  const { active, keys } = await createInstallationKey(configuration);
  const created = { file: configuration.keyFile, active, keys: keys.length };
  context.output.result(created, () => renderCreatedKeys(created, context.output.paint));
  return EXIT_CODES.done;
};

/** Prints the access key, for machines that have no key file. A secret, shown on request. */
export const showAccessKey: Command<object> = async (context) => {
  const { keyFile: file } = context.configuration();
  const accessKey = accessKeyOf(await readKeyFile(file)).toString('base64url');
  context.output.result({ file, accessKey }, () => accessKey);
  return EXIT_CODES.done;
};

/** Adds a key to the key file of this machine and makes it the active one; those before it stay. */
export const rotateKeys: Command<object> = async (context) => {
  const { keyFile: file } = context.configuration();
  const { active, keys } = await rotateKeyFile(file);
  const rotated = { file, active, keys: keys.length };
  context.output.result(rotated, () => renderRotatedKeys(rotated, context.output.paint));
  return EXIT_CODES.done;
};

/** Adds the keys of another file to the key file of this machine. */
export const mergeKeys: Command<{ readonly from: string }> = async (context, { from }) => {
  const { keyFile: file } = context.configuration();
  const merged = await mergeKeyFiles(file, from);
  const { active, keys } = merged.file;
  const result = { file, from, active, keys: keys.length, added: merged.added };
  context.output.result(result, () => renderMergedKeys(result, context.output.paint));
  return EXIT_CODES.done;
};

export const keysCommands: CommandFamily = {
  name: 'keys',
  description: 'manage the key file, which encrypts event bodies and secrets',
  examples: ['keys create', 'keys rotate'],
  commands: [
    {
      name: 'create',
      description: 'make the key file of a new installation; refused if there is data already',
      examples: ['keys create'],
      grammar: (command, does) => command.action(() => does(createKeys, {})),
    },
    {
      name: 'merge',
      description: 'add the keys of another key file, so that data encrypted with either can be read',
      examples: ['keys merge /backup/keys.json'],
      grammar: (command, does) =>
        command
          .argument('<file>', 'the other key file; it is not changed')
          .action((from: string) => does(mergeKeys, { from })),
    },
    {
      name: 'access',
      description: 'print the access key, which lets a machine without the key file use `urls` and `--reveal`',
      examples: ['keys access'],
      grammar: (command, does) => command.action(() => does(showAccessKey, {})),
    },
    {
      name: 'rotate',
      description: 'add a key to the key file of this machine and make it the active one; old keys stay',
      examples: ['keys rotate'],
      grammar: (command, does) => command.action(() => does(rotateKeys, {})),
    },
  ],
};
