import { describe, expect, it } from 'vitest';
import { roomFinding } from '../../src/domain/diskRoom.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('room on a disk', () => {
  it.each([
    [20 * GIB, 'ok', '/data, 20 GiB free'],
    [10 * GIB, 'ok', '/data, 10 GiB free'],
    [10 * GIB - 1, 'ok', '/data, 10239 MiB free'],
    [GIB, 'ok', '/data, 1024 MiB free'],
    [GIB - 1, 'warning', '/data, 1023 MiB free: not much room for the spool'],
    [100 * MIB, 'warning', '/data, 100 MiB free: not much room for the spool'],
  ])('%i bytes: %s', (bytes, state, detail) => {
    expect(roomFinding('/data', bytes, 'the spool')).toEqual({ state, detail });
  });

  it('that is below what the receiver keeps free fails, with the error that names the place', () => {
    expect(roomFinding('/data', 100 * MIB - 1, 'the spool')).toEqual({
      state: 'failed',
      detail: '/data, 99 MiB free',
      error: { code: 'CAEP_DISK_FULL', fields: { path: '/data, 99 MiB free' } },
    });
  });
});
