import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedger } from '../../src/dev/ledger.js';
import { obtainTemporalServer } from '../../src/temporal/devServer/obtainServer.js';
import { startFault, systemFault } from '../../src/process/systemFaults.js';

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('a cache in which nothing can be made is named where the Temporal server is to be put there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), '');
  const cacheDir = join(folder, 'file');
  const options = { cacheDir, environment: { PATH: '' }, log: () => undefined };
  const failure: unknown = await obtainTemporalServer(options).catch((error: unknown) => error);
  expect(systemFault(failure)?.error).toMatchObject({ code: 'CAEP_FILE_REFUSED' });
  expect(systemFault(failure)?.error.fields['path']).toContain(cacheDir);
});

it('a small file of ours that was spoilt is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'processes.json');
  writeFileSync(path, '[{"pid"');
  expect(() => openLedger(path, () => undefined)).toThrow('CAEP_FILE_REFUSED');
  expect(openLedger(join(folder, 'none.json'), () => undefined).entries()).toEqual([]);
});

describe('a server that did not start', () => {
  it.each([
    ['FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device', 'CAEP_DISK_FULL'],
    ['database or disk is full (13)', 'CAEP_DISK_FULL'],
    ['could not bind IPv4 address', 'CAEP_POSTGRES_NOT_STARTED'],
  ])('%s: %s', (said, code) => {
    expect(startFault('CAEP_POSTGRES_NOT_STARTED', said, '/srv/home').error.code).toBe(code);
  });
});

describe('a system call that fails', () => {
  it('is said with the path and the reason', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-faults-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'home');
    const fault = systemFault(caught(() => mkdirSync(path, { recursive: true })));
    expect(fault?.error).toMatchObject({ code: 'CAEP_FILE_REFUSED', fields: { path } });
    expect(fault?.error.fields['reason']).toMatch(/part of the path is a file|something with this name already exists/);
  });

  it.each(['ENOSPC', 'EDQUOT'])('for want of room (%s) says so', (code) => {
    const fault = systemFault(Object.assign(new Error(`${code}: write`), { code, syscall: 'write' }));
    expect(fault?.error.code).toBe('CAEP_DISK_FULL');
  });

  it('on a socket, or of another kind, is none of these', () => {
    expect(
      systemFault(Object.assign(new Error('connect EACCES'), { code: 'EACCES', syscall: 'connect' })),
    ).toBeUndefined();
    expect(systemFault(new Error('anything'))).toBeUndefined();
  });
});
