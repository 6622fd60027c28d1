import { describe, expect, it } from 'vitest';
import { urls } from '../../../../src/cli/commands/events/urls.js';
import type { Sources } from '../../../../src/temporal/sources/port.js';
import type { SourceUrls } from '../../../../src/domain/inquiries.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import { ACCESS_KEY, fakeSources, fakeWorld } from '../../fakes.js';

const FOUND: SourceUrls = {
  webhooks: [
    { widget: 'main-site', kind: 'feedback', url: 'https://hooks/main-site/feedback/s3cret', chatlioField: 'Feedback' },
    {
      widget: 'main-site',
      kind: 'transcript',
      url: 'https://hooks/main-site/transcript/n3w',
      chatlioField: 'Transcript',
      oldTakenUntil: '2026-11-22T10:40:00.000Z',
    },
  ],
};

function asking() {
  const questions: object[] = [];
  const ask = (question: { readonly sealTo: string }) => {
    questions.push(question);
    return Promise.resolve({ v: 1, sealed: sealFor(ACCESS_KEY, question.sealTo, JSON.stringify(FOUND)) });
  };
  return { questions, sources: fakeSources({ ask: ask as unknown as Sources['ask'] }) };
}

describe('urls', () => {
  it('shows the URLs, and until when one before is taken as well', async () => {
    const { questions, sources } = asking();
    const world = fakeWorld(sources);
    expect(await urls(world.context, { name: 'support-chat' })).toBe(0);
    expect(questions).toEqual([
      { v: 1, ask: 'urls', name: 'support-chat', sealTo: expect.stringMatching(/^[\w+/=]+$/) as string },
    ]);
    expect(world.stdout()).toMatchInlineSnapshot(`
      "Webhook URLs of support-chat. Each holds a secret: treat it like a password.

      main-site  in Chatlio: settings of the widget → Behavior → Webhooks and post-chat actions
        Feedback  feedback
          https://hooks/main-site/feedback/s3cret
        Transcript  transcript
          https://hooks/main-site/transcript/n3w
          new; the old URL works until 2026-11-22 10:40:00Z
      "
    `);
  });

  it('has the worker rotate what was selected, with a day of overlap where nothing else is said', async () => {
    const { questions, sources } = asking();
    await urls(fakeWorld(sources).context, { name: 'support-chat', rotate: true });
    await urls(fakeWorld(sources).context, {
      name: 'support-chat',
      rotate: true,
      widget: 'main-site',
      kind: 'transcript',
      overlapMs: 0,
    });
    expect(questions).toMatchObject([
      { ask: 'rotate', name: 'support-chat', overlapMs: 86_400_000 },
      { ask: 'rotate', widget: 'main-site', kind: 'transcript', overlapMs: 0 },
    ]);
    expect(questions[0]).not.toHaveProperty('widget', expect.anything());
  });

  it('refuses to select what is not rotated', async () => {
    const { questions, sources } = asking();
    const args = { name: 'support-chat', widget: 'main-site' };
    await expect(urls(fakeWorld(sources).context, args)).rejects.toThrow('--rotate');
    expect(questions).toEqual([]);
  });
});
