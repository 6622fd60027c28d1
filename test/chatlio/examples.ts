/** One hand-written body for each kind, after the samples of chatlio.com/docs/webhooks and /docs/chat-transcripts-v1 (values invented). */
import type { Kind } from '../../src/domain/events/kinds.js';

const conversation = {
  visitor: {
    email: '',
    UUID: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
    name: '',
    identUserId: '',
    identTraits: '',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
    handle: 'porto-portugal-8',
    currentPage: 'https://shop.example.com/shipping',
    referrerURL: '',
    createdAt: '2024-05-02T10:28:57.118204+01:00',
    IPAddress: '203.0.113.24',
    location: 'Porto, Porto, Portugal',
  },
  message: 'Do you ship to Porto?',
  conversationUUID: '0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50',
  channelId: 'C07QK2M4XA1',
  slackChannelName: 'live-chat',
  slackChannelId: 'C06LVCHAT01',
};

const feedback = {
  visitor: {
    email: 'ana@example.com',
    UUID: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
    name: 'Ana Reis',
    identUserId: '',
    identTraits: '',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
    handle: 'porto-portugal-8',
    currentPage: 'https://shop.example.com/shipping',
    referrerURL: '',
    createdAt: '2024-05-02T10:28:57.118204+01:00',
    IPAddress: '203.0.113.24',
    location: 'Porto, Porto, Portugal',
  },
  message: 'Quick and friendly, thank you!',
  conversationUUID: '0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50',
  channelId: 'C07QK2M4XA1',
  slackChannelName: 'live-chat',
  slackChannelId: 'C06LVCHAT01',
};

const offlineMessage = {
  name: 'Tom Okafor',
  email: 'tom@example.net',
  emailPretty: '"Tom Okafor" <tom@example.net>',
  message: 'My parcel arrived damaged. Can you call me back?',
  visitor: {
    email: 'tom@example.net',
    UUID: 'c2a5d8b1-3f60-4b7e-8f2d-91aa6f0c7e35',
    name: 'Tom Okafor',
    identUserId: 'cust-4471',
    identTraits: '{"plan":"gold"}',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
    handle: 'leeds-united-kingdom-3',
    currentPage: 'https://shop.example.com/contact',
    referrerURL: '',
    createdAt: '2024-05-03T22:47:05.300912+01:00',
    IPAddress: '198.51.100.77',
  },
};

const transcript = {
  agentEmail: 'mia@example.com',
  agentName: 'Mia K.',
  archiveUrl: 'https://acme.slack.com/archives/porto-portugal-8',
  extraData: [],
  channelId: 'C07QK2M4XA1',
  channelName: 'porto-portugal-8',
  conversationUUID: '0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50',
  endedAt: '2024-05-02T10:31:15.002500057+01:00',
  htmlBody:
    '<div><p><b>porto-portugal-8</b> Do you ship to Porto?</p><p><b>Mia K.</b> Yes, 3 to 4 working days.</p><p><b>porto-portugal-8</b> Great, thanks!</p></div>',
  textBody:
    'porto-portugal-8: Do you ship to Porto?\nMia K.: Yes, 3 to 4 working days.\nporto-portugal-8: Great, thanks!\n',
  messages: [
    {
      text: 'Do you ship to Porto?',
      ts: '1714642181.000200',
      sentAt: '2024-05-02T10:29:41.000200033+01:00',
      userId: '',
      username: 'porto-portugal-8',
      isVisitorMsg: true,
    },
    {
      text: 'Yes, 3 to 4 working days.',
      ts: '1714642230.001300',
      sentAt: '2024-05-02T10:30:30.001300096+01:00',
      userId: 'U05MIAAAA',
      username: 'Mia K.',
      isVisitorMsg: false,
    },
    {
      text: 'Great, thanks!',
      ts: '1714642262.002100',
      sentAt: '2024-05-02T10:31:02.002099990+01:00',
      userId: '',
      username: 'porto-portugal-8',
      isVisitorMsg: true,
    },
  ],
  startedAt: '2024-05-02T10:29:40.870331+01:00',
  visitorEmail: '',
  replyToEmail: 'mia@example.com',
  visitorName: 'porto-portugal-8',
  visitorTraits: { current_page: 'https://shop.example.com/shipping', time_on_page: '2min', logged_in: 'false' },
  visitor: {
    email: '',
    UUID: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
    name: '',
    identUserId: '',
    identTraits: '',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
    handle: 'porto-portugal-8',
    currentPage: 'https://shop.example.com/shipping',
    referrerURL: '',
    createdAt: '2024-05-02T10:28:57.118204+01:00',
    IPAddress: '203.0.113.24',
    location: 'Porto, Porto, Portugal',
  },
  slackTeamID: 'T05ABCDEF',
};

/** An unanswered first message is the same body as the new conversation: only the URL tells. */
export const EXAMPLES = {
  'new-conversation': conversation,
  unanswered: conversation,
  feedback,
  'offline-message': offlineMessage,
  transcript,
} as const satisfies Record<Kind, object>;
