/** What a person sees when the stack serves: where everything is, and what to type next. */
import type { StackEnvironment } from '../stackEnvironment.js';
import { windowLines } from './windows.js';

/** @param command that has started it */
export function welcome(environment: StackEnvironment, command = 'npm start'): string[] {
  const places: (readonly [string, string | undefined])[] = [
    ['Temporal UI', environment['TEMPORAL_UI_URL']],
    ['Receiver', environment['RECEIVER_PUBLIC_URL']],
    ['Adobe simulator', environment['SIMULATOR_ADMIN_URL']],
  ];
  return [
    '',
    'Everything is running. Ctrl-C stops it; the next start uses the same data.',
    ...places.flatMap(([name, url]) => (url === undefined ? [] : [`  ${name.padEnd(16)} ${url}`])),
    '',
    ...(environment['SIMULATOR_ADMIN_URL'] === undefined
      ? []
      : [...windowLines('CHATLIO_AEP_SHORT_WINDOWS' in environment, command), '']),
    'Next, in another terminal:',
    '  npm run client -- plan examples/support-chat.yaml',
    '  npm run client -- provision examples/support-chat.yaml',
    '  npm run client -- urls support-chat',
    '  npm run client -- send support-chat new-conversation',
    '  npm run client -- watch support-chat',
    '',
  ];
}
