/** What `doctor` says of the keys with which workers and receivers work. */
import { codedError } from '../../../domain/errors.js';
import type { ProcessKeys } from '../../../store/keys/processKeys.js';

/**
 * @returns that all have the same keys, and which still seal with an older one
 * @throws CodedError `CAEP_KEYS_DIFFER` that names the keys of each process
 */
export function compareKeys(processes: readonly ProcessKeys[]): string {
  const first = processes[0];
  if (first === undefined) return 'no worker or receiver has reported its keys yet';
  const all = setOf(first);
  if (processes.some((one) => setOf(one) !== all)) {
    const listed = processes.map(({ process, keys }) => `${process} has ${keys.join(', ')}`);
    throw codedError('CAEP_KEYS_DIFFER', { processes: listed.join('; ') });
  }
  const sealing = new Set(processes.map(({ sealsWith }) => sealsWith));
  const same = `${first.keys.join(', ')}, the same in ${processes.length} process(es)`;
  return sealing.size === 1
    ? same
    : `${same}; ${[...sealing].join(' and ')} are both used to encrypt until the processes that started earlier are restarted`;
}

function setOf({ keys }: ProcessKeys): string {
  return [...keys].sort().join();
}
