import { describe, expect, it } from 'vitest';
import { codedError } from '../../../../src/domain/errors.js';
import type { Finding, PlanReport } from '../../../../src/domain/source/plan.js';
import { exitCodeOfFindings } from '../../../../src/cli/commands/installation/doctor.js';
import { exitCodeOfPlan } from '../../../../src/cli/commands/source/plan.js';

const { error } = codedError('CAEP_NAMESPACE_UNKNOWN', { namespace: 'Visitor' });

describe('plan', () => {
  const report = (
    actions: PlanReport['steps'][number]['action'][],
    problems: PlanReport['problems'] = [],
  ): PlanReport => ({
    v: 1,
    name: 'support-chat',
    sandbox: 'prod',
    steps: actions.map((action) => ({ step: 'dataset', action, label: 'x' })),
    mapping: [],
    problems,
  });

  it.each([
    ['nothing to do', report(['keep', 'keep']), 0],
    ['something to create', report(['keep', 'create']), 2],
    ['something to change', report(['change']), 2],
    ['a step in the way', report(['create', 'blocked']), 4],
    ['a problem of no step', report(['keep'], [error]), 4],
  ])('with %s', (_what, plan, exitCode) => {
    expect(exitCodeOfPlan(plan)).toBe(exitCode);
  });
});

describe('doctor', () => {
  const finding = (state: Finding['state'], code?: 'CAEP_NO_WORKER' | 'CAEP_CREDENTIALS_REFUSED'): Finding => ({
    check: 'x',
    state,
    detail: '',
    ...(code === undefined ? {} : { error: codedError(code).error }),
  });

  it.each([
    ['all well', [finding('ok'), finding('warning'), finding('skipped')], 0],
    [
      'the first failure is a process that is away',
      [finding('failed', 'CAEP_NO_WORKER'), finding('failed', 'CAEP_CREDENTIALS_REFUSED')],
      1,
    ],
    ['the first failure is the credentials', [finding('ok'), finding('failed', 'CAEP_CREDENTIALS_REFUSED')], 4],
    ['a failure without an error of its own', [finding('failed')], 1],
  ])('when %s', (_what, findings, exitCode) => {
    expect(exitCodeOfFindings(findings)).toBe(exitCode);
  });
});
