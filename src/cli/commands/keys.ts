import { EXIT_CODES } from '../../domain/errors.js';
import { rotateKeyFile } from '../../store/keyFile.js';
import type { Command } from '../ports.js';
import { renderRotatedKeys } from '../render/keys.js';

/** Adds a key to the key file of this machine and makes it the active one; those before it stay. */
export const rotateKeys: Command<object> = async (context) => {
  const { keyFile: file } = context.configuration();
  const rotated = await rotateKeyFile(file);
  context.output.result({ file, ...rotated }, () => renderRotatedKeys({ file, ...rotated }, context.output.paint));
  return EXIT_CODES.done;
};
