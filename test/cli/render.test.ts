import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { codedError, sentenceOf } from '../../src/domain/errors.js';
import type { GateReport } from '../../src/domain/delivery/forwarder.js';
import type { PlannedStep, PlanReport } from '../../src/domain/source/plan.js';
import type { SourceState } from '../../src/domain/source/source.js';
import { changes } from '../../src/cli/following/progress.js';
import type { ForwarderReport } from '../../src/temporal/sources/port.js';
import { renderDoctor } from '../../src/cli/render/installation/doctor.js';
import { sentUnder } from '../../src/cli/render/events/versions.js';
import { errorDocument } from '../../src/domain/errorDocument.js';
import { renderError } from '../../src/cli/render/error.js';
import { createPaint, toTerminal } from '../../src/cli/render/paint.js';
import { planDocument, renderPlan } from '../../src/cli/render/plan/plan.js';
import { renderSent } from '../../src/cli/render/events/sent.js';
import { renderDelivery } from '../../src/cli/render/source/delivery.js';
import { sourceDocument } from '../../src/cli/render/source/source.js';
import { budgetLine, listedDocument, listedSources, renderStatusList } from '../../src/cli/render/source/list.js';
import { renderStatus } from '../../src/cli/render/source/status.js';
import { renderSteps } from '../../src/cli/render/source/steps.js';
import { columns, elapsed, shortened } from '../../src/cli/render/text.js';
import { renderUrls } from '../../src/cli/render/events/urls.js';
import { readManifest } from '../../src/manifest/read.js';
import { HELD, LIVE, NOW, sourceRun, sourceState } from './fakes.js';

const plain = createPaint(false);

const FORWARDER: ForwarderReport = {
  phase: 'outage',
  surveyedAt: NOW - 720_000,
  counters: { taken: 12, accepted: 9, waiting: 2, exceptions: { unknown: 1, refused: 0 } },
  outage: { detail: 'HTTP 503', stops: 'outage', since: NOW, probes: 2, nextProbeAt: NOW },
};

const PLAN: PlanReport = {
  v: 1,
  name: 'support-chat',
  sandbox: 'prod',
  tenantId: 'acmetenant',
  steps: [
    { step: 'field-group', action: 'keep', label: 'Chatlio support-chat event details', id: 'fg-1' },
    { step: 'schema', action: 'create', label: 'Chatlio support-chat events' },
    { step: 'dataset', action: 'change', label: 'Chatlio support-chat events', id: 'ds-1' },
  ],
  mapping: [
    { source: 'eventId', sourceType: 'ATTRIBUTE', destination: '_id', type: 'string' },
    { source: 'lower(visitorEmail)', sourceType: 'EXPRESSION', destination: '_acme.chatlio_email', type: 'string' },
  ],
  problems: [],
};

describe('an error', () => {
  it('names every problem with its place, expectation, what was got and the hint', () => {
    const error = errorOf(() =>
      readManifest('version: 1\nname: A b\nsandbx: prod\nchatlio: {widgets: []}\n', 'chat.yaml'),
    );
    expect(renderError(error, plain)).toMatchInlineSnapshot(`
      "✖ The manifest chat.yaml has 4 problem(s).  CAEP_MANIFEST_INVALID

        sandbox  line 1
          expected  the technical name of a sandbox: lower case letters, digits and single hyphens, at most 256 characters
          got       nothing

        name  line 2
          expected  a name: lower case letters, digits and single hyphens, at most 40 characters
          got       "A b"

        sandbx  line 3
          expected  one of version, name, sandbox, contents, privacy, chatlio, xdm, dataset, identity, mapping, delivery, drift
          got       an unknown field
          hint      did you mean sandbox?

        chatlio.widgets  line 4
          expected  at least one widget
          got       an empty list

      → Correct the fields listed, then run \`chatlio-aep plan chat.yaml\`."
    `);
  });

  it("gives Adobe's own code, words and request id", () => {
    const adobe = {
      service: 'Schema Registry',
      httpStatus: 400,
      code: 'XDM-1521-400',
      title: 'Title not unique',
      requestId: 'r-9',
    };
    const { error } = codedError('CAEP_ADOBE_REFUSED', { name: 'support-chat' }, { adobe });
    expect(renderError(error, plain)).toMatchInlineSnapshot(`
      "✖ Adobe refuses the request (Schema Registry: XDM-1521-400).  CAEP_ADOBE_REFUSED

        Adobe    Schema Registry, HTTP 400, XDM-1521-400
                 Title not unique
        request  r-9

      → Adobe’s message says what is wrong. Fix it, then run \`chatlio-aep resume support-chat\`. If the manifest has to be corrected, give \`resume\` the new one with \`--manifest FILE\`."
    `);
    expect(errorDocument(error)).toMatchObject({ code: 'CAEP_ADOBE_REFUSED', retryable: false, adobe });
  });
});

describe('columns', () => {
  it('are as wide coloured as they are plain', () => {
    const rows = (paint: ReturnType<typeof createPaint>) =>
      columns([
        [paint.caution('held'), '1', paint.faint('x')],
        ['looked for', '12', ''],
      ]);
    const coloured = toTerminal(rows(createPaint(true)));
    expect(coloured).not.toBe(rows(plain));
    expect(stripVTControlCharacters(coloured)).toBe(rows(plain));
  });
});

describe('the step tree', () => {
  it('shows what is made, what runs and how long, and why the last attempt failed', () => {
    const pending = [{ name: 'dataset', attempt: 3, lastFailure: 'Catalog: HTTP 503', nextAttemptAt: NOW + 4_000 }];
    const view = { now: NOW, columns: 80, paint: plain, live: false };
    expect(renderSteps(sourceState(2), pending, view)).toMatchInlineSnapshot(`
      "  ✔  XDM field group    2.9s  field-group-id
        ✔  XDM schema         2.9s  schema-id
        ▸  dataset            54s
           attempt 3, next in 4.0s: Catalog: HTTP 503
        ·  source connection
        ·  target connection
        ·  mapping set
        ·  flow
        ·  inlet
        ·  webhook routes"
    `);
  });

  it('times what is made, not how long ago it was when it is undone', () => {
    const [first, ...rest] = sourceState(2).steps;
    const undone = { step: 'field-group', state: 'undone', startedAt: NOW - 9_000_000, endedAt: NOW } as const;
    const state = { ...sourceState(2), steps: [undone, ...rest] };
    const [line] = renderSteps(state, [], { now: NOW, columns: 80, paint: plain, live: false }).split('\n');
    expect(line?.replaceAll(/ +/g, ' ')).toBe(' ↺ XDM field group undone');
    expect(changes({ run: sourceRun(), state: sourceState(2) }, { run: sourceRun(), state })).toEqual([
      'XDM field group: undone',
    ]);
    expect(first?.state).toBe('made');
  });

  it('tells each change in one line', () => {
    const before = { run: sourceRun(), state: sourceState(1) };
    const after = {
      run: sourceRun({ pending: [{ name: 'dataset', attempt: 2, lastFailure: 'Catalog: HTTP 503' }] }),
      state: sourceState(2, { phase: 'provisioning' }),
    };
    expect(changes(undefined, before)).toMatchInlineSnapshot(`
      [
        "XDM field group: made  2.9s  field-group-id",
        "XDM schema: running",
        "support-chat: provisioning",
      ]
    `);
    expect(changes(before, after)).toMatchInlineSnapshot(`
      [
        "XDM schema: made  2.9s  schema-id",
        "dataset: running",
        "dataset: attempt 2 after: Catalog: HTTP 503",
      ]
    `);
    expect(changes(after, after)).toEqual([]);
    const aborted = sourceRun({ open: false, status: 'FAILED', phase: 'aborted' });
    expect(changes({ run: sourceRun() }, { run: aborted })).toEqual(['support-chat: aborted']);
    const ended = sourceRun({ open: false, status: 'TERMINATED' });
    expect(changes({ run: sourceRun() }, { run: ended })).toEqual(['support-chat: the workflow is terminated']);
  });
});

describe('status', () => {
  it('of a live source shows steps, events and the way on', () => {
    expect(renderStatus({ run: sourceRun(), state: LIVE, forwarder: FORWARDER }, NOW, plain)).toMatchInlineSnapshot(`
      "support-chat  live  sandbox prod  for 20s

      ■ the destination of support-chat is unavailable since 2026-11-21 10:40:00Z (for 0.0s): HTTP 503
        Events are still taken, and wait. It is being tried now.
        chatlio-aep resume support-chat  try it now

        workflow     source:support-chat  running
        Temporal UI  http://localhost:8233/namespaces/default/workflows/source:support-chat
        uid          7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11

        ✔  XDM field group    2.9s  field-group-id
        ✔  XDM schema         2.9s  schema-id
        ✔  dataset            2.9s  dataset-id
        ✔  source connection  2.9s  source-connection-id
        ✔  target connection  2.9s  target-connection-id
        ✔  mapping set        2.9s  mapping-set-id
        ✔  flow               2.9s  flow-id
        ✔  inlet              2.9s  inlet-id
        ✔  webhook routes     2.9s  webhook-routes-id

      Events  outage  last counted 12m 00s ago
        taken       12  answered to Chatlio with 2xx, of which
          waiting   2   to be sent
          accepted  9   the inlet has them
        unknown 1

      chatlio-aep urls support-chat  the webhook URLs"
    `);
  });

  it('tells the truth of the gate, whatever the source workflow knows', () => {
    const opened = { ...LIVE, opensAt: '2026-11-21T10:00:00.000Z' };
    const shown = (gate?: GateReport, state: SourceState = opened) =>
      renderStatus({ run: sourceRun(), state, intake: { gate, receivers: [], silent: [], seenAt: NOW } }, NOW, plain);
    const opens = { open: true, opensAt: '2026-11-21T10:41:00.000Z', reason: 'settle window' };
    expect(shown()).toContain('events are sent as they arrive');
    expect(shown({ open: true, opensAt: '2026-11-21T10:00:00.000Z', reason: 'settle window' })).toContain(
      'events are sent as they arrive',
    );
    expect(shown(opens)).toContain('sent from 2026-11-21 10:41:00Z on (in 1m 00s)');
    expect(shown({ ...opens, opensAt: undefined }, LIVE)).toContain('events are sent as they arrive');
    const closed = shown({ open: false, reason: 'the database was restored to 08:00 (reported by ana)' });
    expect(closed).toContain(
      'support-chat sends nothing: the database was restored to 08:00 (reported by ana). Events are still taken',
    );
    expect(closed).toContain('chatlio-aep unpause support-chat');
  });

  it('names what nothing is sent for, and until when', () => {
    const gate = { reason: 'settle window after a change of the flow', opensAt: NOW + 60_000 };
    const shown = (forwarder: ForwarderReport) => renderDelivery({ run: sourceRun(), forwarder }, NOW, plain);
    expect(shown({ ...FORWARDER, phase: 'settling', gate })).toContain(
      'nothing is sent before 2026-11-21 10:41:00Z (in 1m 00s): settle window after a change of the flow',
    );
    expect(shown({ ...FORWARDER, phase: 'paused', gate: { reason: 'paused by ana' } })).toContain(
      'nothing is sent: paused by ana',
    );
  });

  it('leads with what stands still: since when, why, what comes next, and what to type', () => {
    const shown = (changes: Partial<ForwarderReport>, state = LIVE) =>
      renderStatus({ run: sourceRun(), state, forwarder: { ...FORWARDER, ...changes } }, NOW, plain)
        .split('\n')
        .slice(1, 6);
    const opened = { ...LIVE, opensAt: '2026-11-21T10:00:00.000Z' };
    const hold = { reason: 'HTTP 401', since: NOW - 120_000, nextProbeAt: NOW + 60_000 };
    expect(shown({ phase: 'held', outage: undefined, hold }, opened).join('\n')).toMatchInlineSnapshot(`
      "
      ■ sending for support-chat is held since 2026-11-21 10:38:00Z (for 2m 00s): HTTP 401
        Events are still taken, and wait. The next try is at 2026-11-21 10:41:00Z (in 1m 00s).
        chatlio-aep resume support-chat  after the fix: start sending again
      "
    `);
    expect(shown({}).join('\n')).toMatchInlineSnapshot(`
      "
      ■ the destination of support-chat is unavailable since 2026-11-21 10:40:00Z (for 0.0s): HTTP 503
        Events are still taken, and wait. It is being tried now.
        chatlio-aep resume support-chat  try it now
      "
    `);
    expect(shown({ phase: 'paused', outage: undefined, gate: { reason: 'x' } }).join('\n')).toMatchInlineSnapshot(`
      "
      ■ support-chat sends nothing: x. Events are still taken, and wait.
        chatlio-aep unpause support-chat  send again

        workflow     source:support-chat  running"
    `);
    const held = renderStatus({ run: sourceRun(), state: HELD }, NOW, plain);
    expect(held.indexOf('is held at dataset')).toBeLessThan(held.indexOf('■  dataset'));
    expect(held).toContain('chatlio-aep resume support-chat');
  });

  it('does not say that events are sent while they are not', () => {
    const opened = { ...LIVE, opensAt: '2026-11-21T10:00:00.000Z' };
    const hold = { reason: 'HTTP 401', since: NOW };
    for (const stands of [{ hold, outage: undefined }, {}]) {
      const text = renderStatus(
        { run: sourceRun(), state: opened, forwarder: { ...FORWARDER, ...stands } },
        NOW,
        plain,
      );
      expect(text).not.toContain('sent as they come');
      expect(text).toContain('Events are still taken, and wait.');
    }
  });

  it('without a worker shows what Temporal itself knows', () => {
    const run = sourceRun({ phase: 'held', heldReason: 'CAEP_TITLE_TAKEN' });
    expect(renderStatus({ run }, NOW, plain)).toMatchInlineSnapshot(`
      "support-chat  held  for 1m 00s
        workflow     source:support-chat  running
        Temporal UI  http://localhost:8233/namespaces/default/workflows/source:support-chat
        reason       CAEP_TITLE_TAKEN"
    `);
  });

  describe('the list of all sources', () => {
    const runs = [
      sourceRun({ name: 'a', phase: 'live' }),
      sourceRun({ name: 'b', phase: 'held', heldReason: 'CAEP_TITLE_TAKEN' }),
      sourceRun({ name: 'b1', phase: 'live', forwarding: { phase: 'settling' } }),
      sourceRun({ name: 'b2', phase: 'live', forwarding: { phase: 'paused' } }),
      sourceRun({ name: 'b3', phase: 'live', forwarding: { phase: 'held', heldReason: 'no key' } }),
      sourceRun({ name: 'c', phase: 'provisioning', open: false, status: 'TERMINATED', closedAt: NOW }),
      sourceRun({ name: 'd', phase: 'torn-down', open: false, status: 'CANCELLED', closedAt: NOW }),
      sourceRun({ name: 'f', phase: 'live', hasPausedActivity: true }),
      sourceRun({ name: 'e', phase: 'torn-down', open: false, status: 'CANCELLED', closedAt: NOW }),
    ];
    const needs = [
      { name: 'b2', retired: false, held: 3, closedBecause: 'paused by ana: maintenance' },
      { name: 'e', retired: true, held: 1 },
      { name: 'long-gone', retired: true, held: 12 },
    ];

    it('begins with those that need a person, each with why and what to type', () => {
      expect(renderStatusList(listedSources(runs, needs), NOW, plain)).toMatchInlineSnapshot(`
        "SOURCE     PHASE                                       WHAT IS NEEDED                       WHAT TO TYPE
        b          held            for 1m 00s                  CAEP_TITLE_TAKEN                     chatlio-aep status b
        b2         live, paused    for 1m 00s                  paused by ana: maintenance           chatlio-aep unpause b2
                                                               3 events held for a decision         chatlio-aep held list b2
        b3         live, held      for 1m 00s                  no key                               chatlio-aep resume b3
        c          terminated      since 2026-11-21 10:40:00Z  its workflow was ended from outside  chatlio-aep provision FILE
        e          torn-down       since 2026-11-21 10:40:00Z  1 event held for a decision          chatlio-aep held list e
        f          live            for 1m 00s                  an activity is paused in Temporal    chatlio-aep status f
        long-gone  torn-down                                   12 events held for a decision        chatlio-aep held list long-gone
        a          live            for 1m 00s
        b1         live, settling  for 1m 00s
        d          torn-down       since 2026-11-21 10:40:00Z"
      `);
      expect(renderStatusList([], NOW, plain)).toContain('There is no source yet');
    });

    it('names a source whose workflow, or whose forwarder, goes on no more', () => {
      const fields = { workflow: 'forwarder:a', reason: '[TMPRL1100] …' };
      const [first] = listedSources(runs, [], [{ code: 'CAEP_WORKFLOW_NONDETERMINISTIC', fields }]);
      expect(first).toMatchObject({
        name: 'a',
        needs: [{ reason: 'forwarder:a is stuck: nondeterminism', command: 'chatlio-aep status a' }],
      });
    });

    it('says why requests to Adobe wait', () => {
      expect(budgetLine({ perSecond: 20, waitedAgoMs: 10 })).toContain('20 a second (ADOBE_MAX_REQUESTS_PER_SECOND)');
      expect(budgetLine({ perSecond: 20, pausedForMs: 12_000 })).toContain('Adobe has asked for a pause');
      expect(budgetLine({ waitedAgoMs: 10 })).toContain('Adobe has asked for a pause');
    });

    it('without an answer of the database tells what Temporal knows', () => {
      const listed = listedSources(runs, []);
      expect(listed.filter((one) => one.needs.length > 0).map(({ name }) => name)).toEqual(['b', 'b2', 'b3', 'c', 'f']);
    });

    it('as a document has the same', () => {
      const [first] = listedSources(runs, needs).map(listedDocument);
      expect(first).toMatchObject({
        name: 'b',
        phase: 'held',
        needs: [{ reason: 'CAEP_TITLE_TAKEN', command: 'chatlio-aep status b' }],
      });
    });
  });

  it('as a document holds the state, the hold with its remedy, and no manifest', () => {
    const document = sourceDocument({ run: sourceRun(), state: HELD });
    expect(document).toMatchObject({
      name: 'support-chat',
      phase: 'held',
      hold: {
        step: 'dataset',
        error: { code: 'CAEP_PERMISSION_MISSING', remedy: expect.stringContaining('resume support-chat') as string },
      },
    });
    expect(document).not.toHaveProperty('manifest');
  });

  it('as a document says of what could not be removed why, as of every error', () => {
    const one = { generation: 2, why: 'replaced', since: 1, resources: {}, dataset: 'none' } as const;
    const replaced = [{ ...one, error: { code: 'CAEP_PERMISSION_MISSING', fields: {} } } as const, one];
    const document = sourceDocument({ run: sourceRun(), state: { ...LIVE, replaced } });
    expect(document).toMatchObject({
      replaced: [{ generation: 2, error: { code: 'CAEP_PERMISSION_MISSING', retryable: false } }, one],
    });
  });
});

describe('plan', () => {
  it('shows steps, mapping and counts', () => {
    expect(renderPlan(PLAN, plain)).toMatchInlineSnapshot(`
      "Plan for support-chat in sandbox prod  tenant acmetenant

        =  keep    XDM field group  Chatlio support-chat event details  fg-1
        +  create  XDM schema       Chatlio support-chat events
        ~  change  dataset          Chatlio support-chat events         ds-1

      Mapping 2 fields
        eventId              →  _id                  string
        lower(visitorEmail)  →  _acme.chatlio_email  string

      1 to create, 1 to change, 1 kept. Nothing was changed."
    `);
  });

  it('shows below each object what differs and what happens to events meanwhile, and escapes what Adobe has', () => {
    const fields: PlannedStep['fields'] = [
      { field: 'name', found: 'mi\u001bne', wanted: 'Chatlio support-chat', remedy: 'change', drifted: true },
      { field: 'mapping _acme.x', wanted: 'lower(visitorEmail) (expression)', remedy: 'change' },
    ];
    const meanwhile = 'The gate closes first.';
    const row: PlannedStep = { step: 'flow', action: 'change', label: 'Chatlio', id: 'f-1', fields, meanwhile };
    const report = { ...PLAN, sandboxType: 'production', mapping: [], steps: [row] };
    expect(renderPlan(report, plain)).toMatchInlineSnapshot(`
      "Plan for support-chat in sandbox prod (production)  tenant acmetenant

        ~  change  flow  Chatlio  f-1
             name             mi\\x1bne  →  Chatlio support-chat              changed at Adobe
             mapping _acme.x  none      →  lower(visitorEmail) (expression)

      Events meanwhile
        flow: The gate closes first.

      1 to change, 0 kept. Nothing was changed.
      What was changed at Adobe is brought back by \`chatlio-aep repair support-chat\`, which asks before it does it."
    `);
    expect(planDocument(report)).toMatchObject({ sandboxType: 'production', steps: [{ fields, meanwhile }] });
  });

  it('says that there is nothing to do in one line', () => {
    const steps = PLAN.steps.map((row): PlannedStep => ({ ...row, action: 'keep' }));
    expect(renderPlan({ ...PLAN, steps }, plain)).toBe(
      '✔ Nothing to do: 3 objects of support-chat in sandbox prod are as the manifest says.',
    );
  });

  it('shows how each field leaves, what can still be told, and what the contents mean', () => {
    const leaving: PlanReport['leaving'] = {
      contents: 'full',
      fields: [
        { field: 'eventId', as: 'whole' },
        { field: 'message', as: 'redacted', redactions: ['cards', 'phones'] },
        {
          field: 'messages',
          as: 'redacted',
          redactions: ['cards'],
          parts: [
            { field: 'messages[*].ts', as: 'dropped' },
            { field: 'messages[*].userId', as: 'hashed' },
          ],
        },
        { field: 'replyToEmail', as: 'dropped' },
        { field: 'visitorName', as: 'hashed' },
      ],
      copies: [
        { of: 'replyToEmail', field: 'visitorEmail' },
        { of: 'replyToEmail', field: 'agentEmail' },
        { of: 'emails', field: 'agentEmail' },
      ],
      notes: ['Contents are full.'],
    };
    const text = renderPlan({ ...PLAN, leaving }, plain);
    expect(text.slice(text.indexOf('Field, leaves as'), text.indexOf('1 to create'))).toMatchInlineSnapshot(`
      "Field, leaves as 5 fields
        message       redacted (card numbers, phone numbers)
        messages      redacted (card numbers); without messages[*].ts; hashed (SHA-256): messages[*].userId
        replyToEmail  dropped
        visitorName   hashed (SHA-256)
        all others    whole
      ! replyToEmail can still be told from visitorEmail, agentEmail.
      ! e-mail addresses can still be told from agentEmail.
      · Contents are full.

      "
    `);
    expect(planDocument({ ...PLAN, leaving })).toHaveProperty('leaving', leaving);
    const whole = { ...leaving, fields: [{ field: 'eventId', as: 'whole' as const }], copies: [] };
    expect(renderPlan({ ...PLAN, leaving: whole }, plain)).toContain(
      'Field, leaves as 1 field\n  all of them  whole\n',
    );
  });

  it('says with which command a running source takes over what differs, and when none can', () => {
    const fields = [{ field: 'delivery.concurrency', from: 128, to: 7 }];
    const shown = (canConfigure: boolean, canUpdate: boolean) =>
      renderPlan(
        { ...PLAN, differences: { fields, unseen: [], steps: [], canResume: false, canConfigure, canUpdate } },
        plain,
      );
    expect(shown(true, true)).toContain('`chatlio-aep provision FILE` applies it without stopping delivery.');
    expect(shown(false, true)).toContain('`chatlio-aep update FILE` applies it to the live source.');
    expect(shown(false, false)).toContain('A running source cannot be changed in this way');
  });

  it('shows what stands in the way', () => {
    const { error } = codedError('CAEP_NAMESPACE_UNKNOWN', { namespace: 'Visitor' });
    const text = renderPlan({ ...PLAN, problems: [error] }, plain);
    expect(text).toContain('The identity namespace Visitor does not exist in the sandbox.');
    expect(text).toContain('1 problem: this cannot be carried out');
  });
});

describe('doctor', () => {
  it('shows each finding with its fix', () => {
    const { error } = codedError('CAEP_DATABASE_UNREACHABLE', { reason: 'ECONNREFUSED' });
    expect(
      renderDoctor(
        [
          { check: 'Temporal', state: 'ok', detail: '127.0.0.1:7233' },
          { check: 'database', state: 'failed', detail: '', error },
          { check: 'clock', state: 'warning', detail: '3 s behind Adobe' },
          { check: 'Adobe', state: 'skipped', detail: 'needs a worker' },
        ],
        plain,
      ),
    ).toMatchInlineSnapshot(`
      "  ✔  Temporal  127.0.0.1:7233
        ✖  database  PostgreSQL does not answer: ECONNREFUSED.
            → Start the whole stack with \`npm start\`, or set DATABASE_URL to a running server.
        !  clock     3 s behind Adobe
        ·  Adobe     needs a worker

      1 check failed."
    `);
  });
});

describe('doctor about Adobe', () => {
  it('says what has failed once, whoever has put it into words, and Adobe’s own words below', () => {
    const adobe = { service: 'IMS', httpStatus: 400, code: 'invalid_client', title: 'unknown client' };
    const { error } = codedError('CAEP_CREDENTIALS_REFUSED', {}, { adobe });
    const finding = { check: 'Adobe token', state: 'failed', error } as const;
    const told = renderDoctor([{ ...finding, detail: sentenceOf(error) }], plain);
    expect(told).toBe(renderDoctor([{ ...finding, detail: '' }], plain));
    expect(told.match(/Adobe refuses the credentials/g)).toHaveLength(1);
    expect(told.match(/unknown client/g)).toHaveLength(1);
  });
});

describe('urls and send', () => {
  it('says where in Chatlio each URL goes', () => {
    const webhooks = [
      {
        widget: 'main-site',
        kind: 'feedback',
        url: 'http://localhost:8088/hooks/chatlio/main-site/feedback/s',
        chatlioField: 'Webhook when a visitor left feedback',
      },
    ];
    const inlet = { url: 'https://dcs.adobedc.net/collection/i', flowId: 'f' };
    expect(renderUrls('support-chat', { webhooks, inlet }, plain)).toMatchInlineSnapshot(`
      "Webhook URLs of support-chat. Each holds a secret: treat it like a password.

      main-site  in Chatlio: settings of the widget → Behavior → Webhooks and post-chat actions
        Webhook when a visitor left feedback  feedback
          http://localhost:8088/hooks/chatlio/main-site/feedback/s

      These URLs work on this machine only. Set RECEIVER_PUBLIC_URL for the receiver to the HTTPS address at which Chatlio reaches it.

      Adobe's own URL  bypasses the receiver: events are not kept, not retried, and copies are not recognised
          https://dcs.adobedc.net/collection/i?x-adobe-flow-id=f"
    `);
  });

  it('says which events the receiver took', () => {
    const sent = { eventId: 'ab12', kind: 'feedback', widget: 'main-site', seed: 7 } as const;
    expect(
      renderSent(
        [
          { ...sent, httpStatus: 200 },
          { ...sent, seed: 8, httpStatus: 503 },
        ],
        'support-chat',
        plain,
      ),
    ).toMatchInlineSnapshot(`
      "  ✔  ab12  feedback  main-site  seed 7  HTTP 200
        ✖  ab12  feedback  main-site  seed 8  HTTP 503

      1 event not accepted by the receiver."
    `);
  });
});

describe('text', () => {
  it.each([
    [840, '0.8s'],
    [42_000, '42s'],
    [185_000, '3m 05s'],
    [7_800_000, '2h 10m'],
    [273_600_000, '3d 4h'],
  ])('writes %d ms as %s', (durationMs, text) => {
    expect(elapsed(durationMs)).toBe(text);
  });

  it('shortens ids in the middle, as they differ at both ends', () => {
    expect(shortened('https://ns.adobe.com/acme/schemas/0123456789abcdef', 21)).toBe('https://ns…6789abcdef');
    expect(shortened('short', 21)).toBe('short');
  });
});

function errorOf(read: () => unknown) {
  try {
    read();
  } catch (error) {
    return (error as ReturnType<typeof codedError>).error;
  }
  throw new Error('nothing was thrown');
}

describe('how often an event was sent', () => {
  it.each([
    [[1], '1 time, under version 1 of the projection'],
    [[2, 2], '2 times, under version 2 of the projection'],
    [[1, 1, 3], '3 times, under version 1 and then version 3 of the projection'],
    [[null, 1], '2 times, under a version that is not known and then version 1 of the projection'],
  ])('of attempts under %j: %s', (versions, words) => {
    expect(sentUnder(versions)).toBe(words);
  });
});
