import { describe, expect, it } from 'vitest';
import { parseWebhookPath, pathOfTarget, webhookPath } from '../../../src/domain/events/webhookPath.js';

const address = { widget: 'main-site', kind: 'transcript', secret: 's3cret' } as const;
const PATH = '/hooks/chatlio/main-site/transcript/s3cret';

describe('the path of a webhook', () => {
  it('is what was always pasted into Chatlio, and is taken apart again', () => {
    expect(webhookPath(address)).toBe(PATH);
    expect(parseWebhookPath(PATH)).toEqual(address);
  });

  it('carries any name of a widget', () => {
    const odd = { ...address, widget: 'a/b c?ü' };
    expect(parseWebhookPath(webhookPath(odd))).toEqual(odd);
  });

  it.each([
    ['a slash at the end', `${PATH}/`],
    ['slashes twice', '//hooks//chatlio/main-site//transcript/s3cret'],
    ['escapes that need not be', '/hooks/chatlio/main%2Dsite/transcript/s3cret'],
    ['a blank copied with it', `${PATH}%20`],
    ['several, at both ends', '/hooks/chatlio/main-site/transcript/%20%20s3cret%20%0A'],
    ['one that has no width', `${PATH}%E2%80%8B%E2%80%8B`],
    ['one that has no width, before', '/hooks/chatlio/main-site/transcript/%E2%80%8B%E2%80%8Bs3cret'],
  ])('is the same with %s', (_what, path) => {
    expect(parseWebhookPath(path)).toEqual(address);
  });

  it.each([
    ['another first word', '/hook/chatlio/main-site/transcript/s3cret'],
    ['another service', '/hooks/slack/main-site/transcript/s3cret'],
    ['an unknown kind', '/hooks/chatlio/main-site/goodbye/s3cret'],
    ['no secret', '/hooks/chatlio/main-site/transcript'],
    ['no kind', '/hooks/chatlio/main-site'],
    ['no widget', '/hooks/chatlio'],
    ['something behind the secret', `${PATH}/more`],
    ['nothing', '/'],
  ])('with %s is none', (_what, path) => {
    expect(parseWebhookPath(path)).toBeUndefined();
  });

  it('keeps a secret that is no valid escape as it came, and blanks inside', () => {
    expect(parseWebhookPath('/hooks/chatlio/main-site/transcript/50%')?.secret).toBe('50%');
    expect(parseWebhookPath('/hooks/chatlio/main%20site/transcript/s')?.widget).toBe('main site');
  });
});

describe('the target of a request', () => {
  it.each([
    [PATH, PATH],
    [`${PATH}?utm=1`, PATH],
    [`${PATH}#top`, PATH],
    [`${PATH}?a\nb`, PATH],
    [`https://chat.example:8443${PATH}?x`, PATH],
    [`HTTP://chat.example${PATH}`, PATH],
    ['https://chat.example?x=/y', ''],
    [`/proxy/https://chat.example${PATH}`, `/proxy/https://chat.example${PATH}`],
  ])('%j has the path %j', (target, path) => {
    expect(pathOfTarget(target)).toBe(path);
  });
});
