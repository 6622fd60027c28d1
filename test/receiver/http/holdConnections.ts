/** A program: opens connections to the URL, asks once over each, prints `held N`, and keeps them until it is ended. */
import { once } from 'node:events';
import { connect } from 'node:net';

const [url = '', count = '0'] = process.argv.slice(2);
const { hostname, port, host } = new URL(url);
/** The accept queue of a server is a few hundred long. */
const AT_ONCE = 200;

async function open(): Promise<void> {
  const socket = connect(Number(port), hostname);
  socket.on('close', () => {
    process.stdout.write('lost one\n');
    process.exit(1);
  });
  await once(socket, 'connect');
  socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString().startsWith('HTTP/1.1 200')) throw new Error(`not answered: ${answer.toString()}`);
}

for (let held = 0; held < Number(count); held += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - held) }, open));
}
process.stdout.write(`held ${count}\n`);
