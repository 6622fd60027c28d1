import { textOf, type Value } from '../values.js';
import { type DataPrepFunction, type FunctionTable, ofText } from './definition.js';

interface UserAgent {
  readonly os: string;
  readonly osVersion: string;
  readonly agent: string;
  readonly agentVersion: string;
  readonly device: string;
}

const UNKNOWN = 'Unknown';

/** A few common ones: enough to see that a mapping keeps the class and not the text. The service knows thousands. */
const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iOS', /(?:iPhone|iPad|iPod).*? OS (?<version>[\d_]+)/],
  ['Android', /Android (?<version>[\d.]+)/],
  ['Windows NT', /Windows NT (?<version>[\d.]+)/],
  ['Mac OS', /Mac OS X (?<version>[\d_.]+)/],
  ['Linux', /Linux(?<version>)/],
];

const AGENTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /Edg(?:e|A|iOS)?\/(?<version>[\d.]+)/],
  ['Opera', /OPR\/(?<version>[\d.]+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(?<version>[\d.]+)/],
  ['Chrome', /(?:Chrome|CriOS)\/(?<version>[\d.]+)/],
  ['Safari', /Version\/(?<version>[\d.]+).*Safari/],
];

function deviceOf(text: string, os: string): string {
  if (/iPad|Tablet/.test(text) || (os === 'Android' && !text.includes('Mobile'))) return 'Tablet';
  if (os === 'iOS' || os === 'Android') return 'Phone';
  return os === UNKNOWN ? UNKNOWN : 'Desktop';
}

function named(
  text: string,
  known: readonly (readonly [name: string, pattern: RegExp])[],
): readonly [name: string, version: string] {
  for (const [name, pattern] of known) {
    const found = pattern.exec(text);
    if (found !== null) return [name, (found.groups?.['version'] ?? '').replaceAll('_', '.') || UNKNOWN];
  }
  return [UNKNOWN, UNKNOWN];
}

function of(part: (agent: UserAgent) => Value): DataPrepFunction {
  return ofText(
    1,
    (text) => {
      const [os, osVersion] = named(text, SYSTEMS);
      const [agent, agentVersion] = named(text, AGENTS);
      return part({ os, osVersion, agent, agentVersion, device: deviceOf(text, os) });
    },
    textOf,
  );
}

const major = (version: string): string => version.split('.')[0] ?? version;

/** "User agent functions". */
export const USER_AGENT_FUNCTIONS: FunctionTable = {
  ua_os_name: of(({ os }) => os),
  ua_os_version: of(({ osVersion }) => osVersion),
  ua_os_version_major: of(({ os, osVersion }) => `${os} ${major(osVersion)}`),
  ua_os_name_version: of(({ os, osVersion }) => `${os} ${osVersion}`),
  ua_agent_name: of(({ agent }) => agent),
  ua_agent_version: of(({ agentVersion }) => agentVersion),
  ua_agent_version_major: of(({ agent, agentVersion }) => `${agent} ${major(agentVersion)}`),
  ua_device_class: of(({ device }) => device),
};
