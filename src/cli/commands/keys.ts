import { EXIT_CODES } from '../../domain/errors.js';
import { accessKeyOf, readKeyFile } from '../../store/keyFile.js';
import { createInstallationKey } from '../../store/keyCreation.js';
import { mergeKeyFiles, rotateKeyFile } from '../../store/keyFileChanges.js';
import type { Command } from '../ports.js';
import { renderCreatedKeys, renderMergedKeys, renderRotatedKeys } from '../render/keys.js';

/** Makes the key file of a new installation. */
export const createKeys: Command<object> = async (context) => {
  const configuration = context.configuration();
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
