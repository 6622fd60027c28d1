import { describe, expect, it } from 'vitest';
import { isLocalRequest } from '../../../src/process/http/localRequests.js';

const LOOPBACK = '127.0.0.1';

describe('a server of this machine', () => {
  it.each([
    { host: 'localhost:8233' },
    { host: '127.0.0.1:8233' },
    { host: '127.77.12.5:1' },
    { host: '[::1]:8233' },
    { host: 'LOCALHOST' },
    { host: 'localhost:8233', origin: 'http://localhost:8233' },
    { host: 'localhost:8233', origin: 'https://localhost:8233' },
  ])('answers %j', (headers) => {
    expect(isLocalRequest(headers, LOOPBACK)).toBe(true);
  });

  it.each([
    {},
    { host: '' },
    { host: 'evil.example:8233' },
    { host: '127.0.0.1.evil.example' },
    { host: 'localhost.evil.example' },
    { host: '127.evil.example' },
    { host: 'evil.example@localhost/' },
    { host: '10.0.0.1:8233' },
    { host: 'localhost:8233', origin: 'https://evil.example' },
    { host: 'localhost:8233', origin: 'http://localhost:1234' },
    { host: 'localhost:8233', origin: 'null' },
    { host: 'evil.example:8233', origin: 'http://evil.example:8233' },
  ])('does not answer %j', (headers) => {
    expect(isLocalRequest(headers, LOOPBACK)).toBe(false);
    expect(isLocalRequest(headers, 'localhost')).toBe(false);
    expect(isLocalRequest(headers, '::1')).toBe(false);
  });

  it('that other machines reach has names of its own, and answers no other page either', () => {
    expect(isLocalRequest({ host: 'worker-7:9464' }, '0.0.0.0')).toBe(true);
    expect(isLocalRequest({ host: 'worker-7:9464', origin: 'https://evil.example' }, '0.0.0.0')).toBe(false);
  });
});
