import type { AdobeClients } from '../adobe/clients.js';

/** `production` or `development`; undefined where the credential may not list sandboxes, or Adobe does not say. */
export async function sandboxType(
  { sandboxes }: Pick<AdobeClients, 'sandboxes'>,
  name: string,
): Promise<string | undefined> {
  return sandboxes.list().then(
    (found) => found.find((sandbox) => sandbox.name === name)?.type,
    () => undefined,
  );
}
