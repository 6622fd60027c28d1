/** The command line of `npm run cluster`. */
import { parseArgs } from 'node:util';
import { codedError } from '../src/domain/errors.js';
import { NEWEST_SERVER, SERVER_VERSIONS, type ServerVersion } from './temporal/programs.js';

export interface ClusterShape {
  readonly server: ServerVersion;
  readonly workers: number;
  readonly receivers: number;
}

interface ClusterCommand extends ClusterShape {
  readonly realTime: boolean;
}

const MOST = 8;

/** @throws CodedError `CAEP_USAGE` */
export function readCommand(args: readonly string[]): ClusterCommand {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        server: { type: 'string', default: NEWEST_SERVER },
        workers: { type: 'string', default: '2' },
        receivers: { type: 'string', default: '2' },
        'real-time': { type: 'boolean', default: false },
      },
    });
    return {
      server: serverVersion(values.server),
      workers: count('workers', values.workers),
      receivers: count('receivers', values.receivers),
      realTime: values['real-time'],
    };
  } catch (cause) {
    const said = (cause as Error).message.split('. ')[0];
    const reason = `npm run cluster takes --workers N, --receivers N, --server VERSION and --real-time: ${said}`;
    throw codedError('CAEP_USAGE', { reason }, { cause });
  }
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST) return number;
  throw new Error(`--${name} must be a whole number from 1 to ${MOST}, got ${text}`);
}

function serverVersion(text: string): ServerVersion {
  const found = SERVER_VERSIONS.find((version) => version === text);
  if (found !== undefined) return found;
  throw new Error(`--server must be ${SERVER_VERSIONS.join(' or ')}, got ${text}`);
}
