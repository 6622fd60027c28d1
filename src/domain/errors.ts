/**
 * The catalogue of errors that a person can meet: greppable code, what went wrong, what to do.
 *
 * Data first: an error is a plain object and prints elsewhere (`src/cli/render`). Codes are stable; a sentence may change.
 */

// Stryker disable StringLiteral: the sentences of this file are wording, not decisions.

import { oneLine } from './printable.js';

export const EXIT_CODES = {
  done: 0,
  failed: 1,
  changesPending: 2,
  waitingForPerson: 3,
  badConfiguration: 4,
  /** `audit`: what it compares could not be looked at, so nothing is said. */
  couldNotLook: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

interface CatalogueEntry {
  /** One plain sentence; `{name}` is filled from the error's fields. What stands in `[…]` is left out where it cannot be filled. */
  readonly sentence: string;
  /** What to do, with the exact command where there is one; `{again}` is the one that goes on from there. */
  readonly remedy: string;
  /** True when trying the same again later may succeed without anybody changing anything. */
  readonly retryable: boolean;
  readonly exitCode: ExitCode;
}

export const ERROR_CATALOGUE = {
  CAEP_MANIFEST_INVALID: {
    sentence: 'The manifest {file} has {count} problem(s).',
    remedy: 'Correct the fields listed, then run `chatlio-aep plan {file}`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_MANIFEST_UNREADABLE: {
    sentence: 'The manifest {file} cannot be read: {reason}.',
    remedy: 'Check the path, or write a new manifest with `chatlio-aep init`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_CONFIGURATION_INVALID: {
    sentence: 'The configuration is not usable: {reason}.',
    remedy: 'Correct the variable named above. `chatlio-aep doctor` checks all of them.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_UNREACHABLE: {
    sentence: 'No Temporal server answers at {address}.',
    remedy: 'Start the whole stack with `npm start`, or set TEMPORAL_ADDRESS to a running server.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_TEMPORAL_FAILED: {
    sentence: 'The Temporal server at {address} did not carry out the call: {reason}.',
    remedy: 'Try again in a moment. If it keeps failing, look at the log of the Temporal server.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_NO_ANSWER: {
    sentence: 'The worker received the request but has not answered it: {reason}.',
    remedy: 'Run `chatlio-aep doctor` to see what the worker is waiting for, then give the command again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_WORKFLOW_STUCK: {
    sentence: 'The workflow {workflow} is stuck, because no worker can continue from its history: {reason}.',
    remedy:
      'Nothing is lost, and it continues automatically once a worker can: on every worker, run the release of chatlio-aep that started it, or a later one. `chatlio-aep doctor` lists every workflow that is stuck.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_WORKFLOW_NONDETERMINISTIC: {
    sentence: 'The workflow {workflow} is stuck, because {code} does not fit its history: {reason}.',
    remedy:
      'Nothing is lost, and it continues automatically once code that fits takes its tasks.[ Run `chatlio-aep deploy promote {lastBuild}`: this build has brought it so far.][ {instead}]',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_BUILD_WITHOUT_TASKS: {
    sentence:
      'No worker takes tasks from the Temporal task queue {taskQueue}: they go to {target}, and workers run of {polling}.',
    remedy: 'Run `chatlio-aep deploy promote {build}`, or start workers of the build that has the tasks.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_BUILD_UNKNOWN: {
    sentence: 'The worker deployment "{deployment}" has no build {build}[; it has {known}].',
    remedy:
      'Start a worker with `TEMPORAL_DEPLOYMENT_NAME={deployment}` and `TEMPORAL_WORKER_BUILD_ID={build}`, then give the command again. `chatlio-aep deploy status` lists the builds.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_BUILD_WITHOUT_WORKER: {
    sentence: 'No worker of {what} takes tasks from the Temporal task queue {taskQueue}, so nothing was changed.',
    remedy: 'Start workers of it, wait until `chatlio-aep deploy status` shows them, then give the command again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_TEMPORAL_ENCODING_UNKNOWN: {
    sentence: 'What Temporal holds of {where} is in the encoding {encoding}, which chatlio-aep does not read.',
    remedy:
      'No data converter is used here: what is secret, chatlio-aep encrypts itself. Let nothing encode what goes through this namespace (a proxy with a codec, a program that starts or changes workflows), or give chatlio-aep a namespace of its own. A workflow that was started so does not go on: terminate it and run `chatlio-aep provision`, which finds what was made.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_NO_WORKER: {
    sentence: 'No worker is running that takes tasks from the Temporal task queue {taskQueue}.',
    remedy: 'Start one with `chatlio-aep worker` (or the whole stack with `npm start`).',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATABASE_UNREACHABLE: {
    sentence: 'PostgreSQL does not answer: {reason}.',
    remedy: 'Start the whole stack with `npm start`, or set DATABASE_URL to a running server.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATABASE_REFUSED: {
    sentence: 'PostgreSQL refuses to work with this DATABASE_URL: {reason}.',
    remedy:
      'Correct the user, password or database in DATABASE_URL, or give the role its own schema with `create schema authorization ROLE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_RIGHTS_MISSING: {
    sentence: 'The role {role} has not all the rights in PostgreSQL that it needs: {names}.',
    remedy:
      'As the role that the tables belong to, run `grant select, insert, update, delete on all tables in schema {schema} to {role}; grant execute on all functions in schema {schema} to {role}`, and set default privileges as docs/postgresql.md says.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_FULL: {
    sentence: 'PostgreSQL has no disk space left: {reason}.',
    remedy:
      'Free some space on the database’s disk, or give it a larger one. Waiting events are then sent automatically.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATABASE_SET_BACK: {
    sentence:
      'The database has gone back to an earlier state: it does not know which events of {name} were sent lately (partition {partition}). Sending has stopped.',
    remedy:
      'Events that may already have been sent are being looked for in the lake: see `chatlio-aep held list {name}` and `chatlio-aep audit {name}`. Once you have decided about those that are held, run `chatlio-aep unpause {name}`, then `chatlio-aep resume {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_SCHEMA_NEWER: {
    sentence:
      'The tables in PostgreSQL were changed by a later release so that this release must not write to them: it does not know {migration}.',
    remedy:
      'Run the later release, as the other workers and receivers do. Until then a worker ends, and a receiver keeps what it takes on its disk.',
    retryable: true,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SCHEMA_OLDER: {
    sentence: 'The tables in PostgreSQL are those of an earlier release: they lack {migration}.',
    remedy:
      'A worker or a receiver of this release upgrades them when it starts, if its role may; its log says why it could not. Else run `chatlio-aep database migrate` with DATABASE_MIGRATOR_URL. Until then a receiver keeps what it takes on its disk.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATABASE_UNTRUSTED: {
    sentence: 'PostgreSQL has not proved by TLS that it is the server in DATABASE_URL: {reason}.',
    remedy:
      'Add `sslmode=verify-full` and `sslrootcert=FILE` to the URL, with the certificate of the authority that has signed the server’s, and use a host name that stands in that certificate.',
    retryable: true,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_SESSION_MISSING: {
    sentence:
      'PostgreSQL is reached through {pooler} in transaction mode, where nobody can listen, so changes are looked for every five seconds.',
    remedy:
      'Set DATABASE_DIRECT_URL to a URL of the same database that leads past the pooler, or through it in session mode. Everything else works through {pooler}.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_UNHEARD: {
    sentence: 'What is told through DATABASE_URL is not heard through {variable}.',
    remedy:
      'Set DATABASE_DIRECT_URL to a URL of the same database that leads past every pooler, or through one in session mode.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_NOT_DURABLE: {
    sentence: 'PostgreSQL may lose committed data: {setting} is {value}, expected {expected}.',
    remedy:
      'Set {setting} = {expected} on the server (`alter system set {setting} = {expected}`, then reload it), and check with `chatlio-aep doctor`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_RECEIVER_UNREACHABLE: {
    sentence: 'The receiver does not answer at {address}: {reason}.',
    remedy:
      'Start it with `chatlio-aep receiver` (or the whole stack with `npm start`). If it runs elsewhere, set RECEIVER_PUBLIC_URL to its address.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_UNKNOWN: {
    sentence: 'There is no source named {name}.',
    remedy: 'List all sources with `chatlio-aep status`, or create this one with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_TORN_DOWN: {
    sentence: 'The source {name} was torn down and sends nothing any more, so {decision} is not possible.',
    remedy:
      'Provision it again with its manifest, then decide. To decide without sending, see what is possible with `chatlio-aep held show {name} ID`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_DIFFERS: {
    sentence: 'The source {name} already runs with a different manifest (differs in: {fields}).',
    remedy:
      'Look at the differences with `chatlio-aep plan FILE`, then change the live source with `chatlio-aep update FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_UPDATE_UNSUPPORTED: {
    sentence: 'The source {name} cannot be given another {fields} while it is live[ ({reasons})].',
    remedy:
      'Put this back as it was and run the command again. Or give the manifest another `name`, provision a second source beside this one, give Chatlio its URLs, and tear this one down.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_UPDATE_NEEDS_CONTENTS: {
    sentence:
      'The manifest says nothing of `contents`, but the source {name} keeps whole chats (`contents: {contents}`).',
    remedy: 'Write `contents: {contents}` into the manifest, or `contents: compact` for events below 8,000 bytes.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SAMPLE_NOT_TAKEN: {
    sentence: 'The sample was not taken: {reason}.',
    remedy:
      'Give a body as Chatlio posts it, with `--kind` where it can be more than one kind, or the name of a kind for an invented one: `chatlio-aep plan FILE --sample transcript`. Where the answer is too large, give a smaller body: shorter texts, fewer messages.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SAMPLE_NEEDS_SCHEMA: {
    sentence: 'Adobe maps a sample into a schema, and there is none yet with the title "{title}".',
    remedy: 'Run `chatlio-aep provision FILE` first. A mapping alone is checked by `chatlio-aep plan FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PLAN_UNREADABLE: {
    sentence: 'The plan {file} cannot be used: {reason}.',
    remedy: 'Make it anew with `chatlio-aep plan FILE --save {file}`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PLAN_OUTDATED: {
    sentence: 'The world has moved since the plan[ {file}] for {name} was made: {moved}.',
    remedy:
      'Nothing was changed. Look at what would be done now with `chatlio-aep plan FILE --save PLAN`, then run `chatlio-aep update --plan PLAN`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_CHANGE_BREAKING: {
    sentence:
      'The {resource} {id} cannot become what the manifest says, because it holds or describes events already: {reason}.',
    remedy:
      'Leave this as it is in the manifest, or give the manifest another `name` and provision a second source beside this one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FIELDS_NOT_ADDABLE: {
    sentence: 'The XDM field group {title} cannot be given the fields of the manifest: {reason}.',
    remedy:
      'Adobe accepts only new fields once a dataset uses a schema. Give the field another path in `xdm.fields` (and in `mapping`), then run the same command again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_UPDATE_TITLE_TAKEN: {
    sentence: 'The {resource} of {name} cannot be called "{title}": that is {holder}.',
    remedy: 'Choose another `{field}` in the manifest, then run the same command again. Nothing was changed.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SOURCE_HELD: {
    sentence: 'The source {name} is held at the step {step}: {reason}.',
    remedy:
      'Fix the cause, then run `chatlio-aep resume {name}`. To undo what this operation has made, run `chatlio-aep abort {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_NOT_HELD: {
    sentence: 'The source {name} is not held: its phase is {phase}.',
    remedy: 'See its state with `chatlio-aep status {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ACCOUNT_UNKNOWN: {
    sentence: 'There is no account {id} in the sandbox {sandbox}.',
    remedy: 'List the accounts with `chatlio-aep accounts list --sandbox {sandbox}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ACCOUNT_IN_USE: {
    sentence: 'The account {id} cannot be deleted: it is used by {users}.',
    remedy: 'Delete the flows that use it first, in Adobe’s UI or by its API; then run `{again}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_CREDENTIALS_EXPIRED: {
    sentence: 'The credentials came too late or for another account; nothing was changed.',
    remedy: 'Run `{again}` with the credentials again.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_GATE_CLOSED: {
    sentence: 'Nothing of the source {name} is held, but sending has been stopped: {reason}.',
    remedy: 'Once you know that events may be sent, run `chatlio-aep unpause {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_NOT_LIVE: {
    sentence:
      'The source {name} is not live: its phase is {phase}[. Under way: {operation}][, asked for by {by}][, since {since}].',
    remedy:
      'See its state with `chatlio-aep status {name}`. If it has ended, create it again with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_OPERATION_RUNNING: {
    sentence:
      'Another operation on the source {name} is already running: {operation}[, asked for by {by}][, since {since}].',
    remedy: 'Wait until it has finished; `chatlio-aep status {name}` shows its progress.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_REPAIR_LOSES: {
    sentence: 'Repairing {name} makes these objects anew, by which something may be lost: {resources}.',
    remedy: 'See what with `chatlio-aep repair {name}`, which asks before it does it. Nothing was changed.',
    retryable: false,
    exitCode: EXIT_CODES.changesPending,
  },
  CAEP_RECEIVER_SILENT: {
    sentence:
      'The teardown of {name} waits for a receiver that has not reported for more than a minute: {receivers}[. When it last did, {spooled} events of the source were on its disk].',
    remedy:
      'Start it again with its home folder; the teardown then goes on by itself. To go on without what it holds, run `chatlio-aep teardown {name} {without}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_TEARDOWN_PAUSED: {
    sentence: 'The source {name} is paused, so what waits cannot be delivered before it is torn down.',
    remedy:
      'Run `chatlio-aep unpause {name}` first. To hold what waits instead of sending it, run `chatlio-aep teardown {name} --discard`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ALREADY_DECIDED: {
    sentence: 'Somebody has already resumed or aborted this.',
    remedy: 'See the result with `chatlio-aep status[ {name}]`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_EVENT_UNKNOWN: {
    sentence: 'The source {name} has no held event with the number {id}.',
    remedy: 'List the held events with `chatlio-aep held list {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_EVENT_ID_UNKNOWN: {
    sentence: 'In the event log of the source {name} there is not one event, and one only, whose id begins with {id}.',
    remedy:
      'Give the whole id, as it is in the answer to the webhook (X-Event-Id). An event that a receiver has on its disk comes into the log later: `chatlio-aep status {name}` shows how many there are.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RUN_UNKNOWN: {
    sentence: 'No flow of the source {name} has a run with the id {id}.',
    remedy: 'List the runs with `chatlio-aep runs {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_EVENT_DECIDED: {
    sentence: 'The event {id} of {name} was already decided, or has changed since you looked at it: it is now {state}.',
    remedy: 'See what was decided, by whom and why with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DECISION_UNFIT: {
    sentence: 'The decision "{decision}" does not fit an event that is held as {reason}; possible: {possible}.',
    remedy: 'See what is known about it with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DECISION_FAILED: {
    sentence: 'The decision "{decision}" could not be carried out for the event {id}: {reason}.',
    remedy: 'The event stays held. See what is known about it with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RESUME_CHANGES_MADE_STEP: {
    sentence: 'The corrected manifest changes {fields}, which belongs to a step that is already done ({step}).',
    remedy:
      'Resume with a manifest that changes only later steps, or run `chatlio-aep abort {name}` and provision again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_RESUME_OTHER_SOURCE: {
    sentence: 'The corrected manifest has a different {fields}, so it describes another source than {name}.',
    remedy:
      'Resume with a manifest of this source. To have the other source instead, run `chatlio-aep abort {name}`, then `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ABORTED: {
    sentence:
      'The operation on {name} was aborted: {reason}.[ What Adobe cannot take back stays: {stays}; the next update uses it.]',
    remedy: 'See what is left with `chatlio-aep status {name}`, or start again with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_CREDENTIALS_REFUSED: {
    sentence: 'Adobe refuses the credentials ({adobe}).',
    remedy:
      'Correct ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET and ADOBE_ORG_ID for the worker and restart it[, then run `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SCOPES_REFUSED: {
    sentence: 'Adobe does not grant these credentials the requested scopes ({adobe}).',
    remedy:
      'Set ADOBE_SCOPES for the worker to the scopes that the Developer Console shows for this credential (OAuth Server-to-Server, "Scopes"), and restart it[, then run `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PERMISSION_MISSING: {
    sentence: 'Adobe says that these credentials lack the permission for this call ({adobe}).',
    remedy:
      'Give the credential a role with "Manage" on schemas, datasets and sources in this sandbox[, then run `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SANDBOX_UNKNOWN: {
    sentence: 'Adobe does not know the sandbox {sandbox} ({adobe}).',
    remedy:
      'Correct `sandbox` in the manifest (the technical name, for example prod)[. If the source is held at its first step, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SOURCE_NOT_ENTITLED: {
    sentence: 'The organisation is not entitled to the Chatlio source ({adobe}).',
    remedy: 'Ask Adobe to enable the Chatlio source (beta) for this organisation[, then run `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TITLE_TAKEN: {
    sentence: 'The title "{title}" is already used by {holder}, which this source did not make.',
    remedy:
      'Choose another `{field}` in the manifest and run `chatlio-aep resume {name} --manifest FILE`, or use the existing object with `chatlio-aep resume {name} --adopt`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_FOREIGN_RESOURCE: {
    sentence:
      'There is already a {resource} with the name that this source uses, but it belongs to another owner: {holder}.',
    remedy:
      'Take it over with `chatlio-aep resume {name} --adopt`, or choose another `{field}` in the manifest and run `chatlio-aep resume {name} --manifest FILE`. If you change `name`, it becomes another source: run `chatlio-aep abort {name}`, then provision the new one.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_ADOPT_NO_FLOW: {
    sentence: 'There is no flow {flow} of the Chatlio source in the sandbox[ {sandbox}].',
    remedy:
      "Adobe's UI shows flows below Sources → Dataflows; the id stands in their address. If it is in another sandbox, name that with `--sandbox`, or as `sandbox` in the manifest.",
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOPT_SEVERAL: {
    sentence: 'Several flows could be meant: {flows}.',
    remedy: 'Name the one to take over by its id, with `--flow ID`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOPT_INCOMPLETE: {
    sentence: 'The flow {flow} cannot be taken over: it needs exactly one {resource}, and has {got}.',
    remedy: 'Complete it in Adobe, or let `chatlio-aep provision FILE` make a source of its own.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOPT_MISFIT: {
    sentence: 'The {resource} {id} is not what the manifest says, so it cannot be taken over.',
    remedy:
      'Write what is there into the manifest (`chatlio-aep adopt --from-flow FLOW --write FILE` does), or change the object in Adobe[. If the source is held, then run `chatlio-aep resume {name}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOPT_OWNED: {
    sentence: 'The {resource} {id} belongs to another source of chatlio-aep: {owner}.',
    remedy: 'Tear that source down first, or take over another flow.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOPT_MAPPING_DIFFERS: {
    sentence: 'The mapping set {id}, which this source did not make, has other rows than the manifest.',
    remedy:
      'Write the rows that are there into the manifest, or run `chatlio-aep adopt FILE` and agree to change them[. If the source is held, run `chatlio-aep abort {name}` first].',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_ADOPT_WITHOUT_PROOF: {
    sentence:
      'The mapping of the flow {flow} does not tell events apart in the lake, and {file} says that it stays so (`proof: none`).',
    remedy:
      'Add the rows {rows} to the mapping in {file} and remove `proof: none`, or agree that nothing can be proved: `chatlio-aep adopt {file} --flow {flow} --without-proof`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_MAPPING_INVALID: {
    sentence: 'Adobe refuses the mapping: {reason}.',
    remedy:
      'Correct `mapping` in the manifest[. If the source is held, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_MAPPING_UNREADABLE: {
    sentence: 'It cannot be determined which fields the row {source} → {destination} of the mapping reads: {why}.',
    remedy:
      'Correct the row, or list the fields that it reads in the manifest, under `mapping.reads`[. If the source is held, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_MAPPING_UNKNOWN_FIELD: {
    sentence: 'The mapping reads or fills {count} field(s) that do not exist.',
    remedy:
      'Correct the rows listed, under `mapping` in the manifest[. If the source is held, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_MAPPING_SET_GONE: {
    sentence:
      'Adobe does not find version {version} of the mapping set {id}, which decides what is sent of each event.',
    remedy:
      'Run `chatlio-aep resume {name}` to look once more; if it was deleted, run `chatlio-aep abort {name}` and provision again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_MAPPING_PREVIEW: {
    sentence:
      'Adobe cannot map an event of the kind {kind} that {what}, neither if missing attributes are left out nor if they are sent as null: {reason}.',
    remedy:
      'Correct `mapping` in the manifest, for example with `contains_key` around attributes that not every event has[. If the source is held, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_MAPPING_NEEDS_ID: {
    sentence:
      'The mapping does not fill `_id` with the id of the event and `timestamp` with its time[: it has {instead}].',
    remedy:
      'Give the mapping these rows: {rows}[. If the source is held, then run `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_NAMESPACE_UNKNOWN: {
    sentence: 'The identity namespace {namespace} does not exist in the sandbox.',
    remedy:
      'Create it in Experience Platform (Identities), or name another one under `identity` in the manifest, or remove `identity`[; then run `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOBE_REFUSED: {
    sentence: 'Adobe refuses the request ({adobe}).',
    remedy:
      'Adobe’s message says what is wrong[. Fix it, then run `{again}`]. If the manifest has to be corrected, give `resume` the new one with `--manifest FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_UNAVAILABLE: {
    sentence: 'Adobe cannot serve the request at the moment ({adobe}).',
    remedy:
      '[Tried {attempts} time(s). ]Wait until Adobe works again (https://status.adobe.com)[, then run `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_BUDGET: {
    sentence: 'A request to Adobe waited in vain for the request budget of the organisation.',
    remedy:
      '[Tried {attempts} time(s). ]Other sources or workers use it up, or Adobe has asked for a pause: `chatlio-aep status` says which. Wait[, then run `{again}`]; or raise ADOBE_MAX_REQUESTS_PER_SECOND of all workers if Adobe allows it.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_AMBIGUOUS: {
    sentence: 'Adobe’s answer to a call was lost ({adobe}); the call may have taken effect.',
    remedy: '[Run `{again}`. ]Nothing is made twice: the next attempt first looks for what the call may have made.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_UNEXPECTED: {
    sentence: 'Adobe’s answer is not in a format that this release knows ({adobe}).',
    remedy:
      'It may be temporary[: try `{again}`]. If it keeps failing, report it to us, with the request id if there is one.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_NOT_ENABLED: {
    sentence:
      'The flow {id} was not enabled after {waited}; its state is {state}.[ Its last operation: {lastOperation}.]',
    remedy: 'Look at the flow in Experience Platform (Sources > Dataflows)[, then run `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_NOT_DISABLED: {
    sentence:
      'The flow {id} was not disabled after {waited}; its state is {state}.[ Its last operation: {lastOperation}.]',
    remedy: 'Look at the flow in Experience Platform (Sources > Dataflows)[, then run `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_GONE: {
    sentence: 'The flow {id} no longer exists: somebody has deleted it.',
    remedy:
      'Run `chatlio-aep repair {name}`: it says what is lost, and makes a new one in its place. Events are taken meanwhile, and wait.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATASET_GONE: {
    sentence: 'The dataset {id} no longer exists: somebody has deleted it.',
    remedy:
      'Run `chatlio-aep repair {name}`: it says what is lost, and makes a new one in its place. Events are taken meanwhile, and wait.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RESOURCE_GONE: {
    sentence: '{name} is live, but some of its objects no longer exist at Adobe: {resources}.',
    remedy:
      'Run `chatlio-aep repair {name}`: it says what is lost, and makes what is missing anew. `chatlio-aep drift {name}` shows all that differs.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FLOW_DISABLED: {
    sentence: 'The flow {id} is disabled at Adobe: events sent to it would be lost.',
    remedy: 'Run `chatlio-aep unpause {name}`: it enables the flow, and events are sent once Adobe is ready for them.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SETTLE_WINDOW_TOO_SHORT: {
    sentence: 'The settle window {window} is shorter than the five minutes that Adobe documents.',
    remedy: 'Set `delivery.settleWindow` to 5m or more; a shorter one is for the simulator only.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_LATENCY_TOO_SHORT: {
    sentence: 'The lake latency {latency} is shorter than the 60 minutes that Adobe documents.',
    remedy: 'Set `delivery.lakeLatency` to 60m or more (we advise 3h); a shorter one is for the simulator only.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_REFUSED: {
    sentence: 'Query Service does not let this installation read the lake ({reason}).',
    remedy:
      'Give the credential the permission "Manage Queries". Until then, accepted events cannot be confirmed, and no event with an unknown outcome is sent again automatically.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_UNAVAILABLE: {
    sentence: 'Query Service cannot be read at the moment ({reason}).',
    remedy: 'The worker tries again automatically[; later, run `{again}` again].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_UNDO_INCOMPLETE: {
    sentence: 'Not everything could be undone; still there: {left}.',
    remedy: 'Fix the cause, then run `chatlio-aep resume {name}`, which tries the rest again.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_PORT_TAKEN: {
    sentence: 'Port {port}, needed for {service}, is already in use.',
    remedy: 'Stop the program that listens there (`lsof -i :{port}` names it), or choose another port with {option}.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LISTEN_REFUSED: {
    sentence: 'Cannot listen at {host}, port {port}, for {service}: {reason}.',
    remedy: 'Choose another address or port with {option}, or give this user the right to use this one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FILE_REFUSED: {
    sentence: 'The file or folder {path} cannot be used: {reason}.',
    remedy:
      'Let the user that runs this read and write it, or choose another place: CHATLIO_AEP_HOME for the home folder, CHATLIO_AEP_KEY_FILE for the key file, XDG_CACHE_HOME for downloads.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FILE_NOT_WRITTEN: {
    sentence: 'The file {path} cannot be written: {reason}.',
    remedy: 'Name another file, or make its folder and let the user that runs this write there.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DISK_FULL: {
    sentence: 'The disk is full ({path}).',
    remedy:
      'Free some space there, or choose a home folder on another disk with CHATLIO_AEP_HOME. Events that were answered with 2xx are kept.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_OUTPUT_NOT_WRITTEN: {
    sentence: 'The output cannot be written ({reason}).',
    remedy:
      'Free some space where it is written to, then run the command again. What the command has started goes on without it.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ALREADY_RUNNING: {
    sentence: 'Another copy is already running here (pid {pid}).',
    remedy:
      'Use that one, or stop it (Ctrl-C in its terminal, or `kill {pid}`), or choose another folder with CHATLIO_AEP_HOME.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PLACE_LOST: {
    sentence: 'This receiver showed no sign of life for too long, so another one has taken over its folder in {home}.',
    remedy:
      'Start it again with `chatlio-aep receiver`: it uses another folder, and the other receiver delivers the events that this one had kept on disk. Give receivers on different machines separate home folders.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_END_INCOMPLETE: {
    sentence: 'The {process} was asked to end, and after {seconds} s this had not ended: {parts}.',
    remedy:
      'Nothing is lost: what was taken is stored, what was being sent is looked for, and the rest is done by the next {process}. If it happens again, look for the cause in its log, and run `chatlio-aep doctor`.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_PROCESS_ENDING: {
    sentence: 'This {process} has been asked to end, and takes nothing new.',
    remedy: 'Wait until it has ended. Other workers and receivers go on.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ROUTES_UNKNOWN: {
    sentence: 'This receiver knows no webhook URLs: neither PostgreSQL nor its own file has told it any.',
    remedy: 'Bring PostgreSQL back. The receiver then takes webhooks by itself.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ROUTES_VANISHED: {
    sentence:
      'All webhook URLs that this receiver knows have disappeared from the database: it is being restored, or is another one.',
    remedy:
      'Finish the restore, or set DATABASE_URL to the database of this installation. Until then webhooks are answered with 503.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SPOOL_FULL: {
    sentence: 'PostgreSQL is unavailable, and this receiver can keep no more events on its disk: {reason}.',
    remedy:
      'Bring PostgreSQL back, or give the receiver more room: RECEIVER_SPOOL_MAX_BYTES, and the disk of its home folder.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_TEMPORAL_NOT_OBTAINED: {
    sentence: 'No Temporal server could be found, downloaded or built.',
    remedy:
      'Install the Temporal CLI, or the package @temporalio/testing (to download it), or Go (to build it), or set TEMPORAL_ADDRESS to a running server.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_REFUSED: {
    sentence: 'The Temporal server at {address} refuses the connection: {reason}.',
    remedy:
      'Check TEMPORAL_API_KEY, the TEMPORAL_TLS_… variables or the Temporal profile that is used, and TEMPORAL_NAMESPACE.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_TLS: {
    sentence: 'There is no TLS connection to the Temporal server at {address}: {reason}.',
    remedy:
      'Correct what is named above, or `tls` in the Temporal profile that is used, then run `chatlio-aep doctor`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_NOT_STARTED: {
    sentence: 'The Temporal server could not be started: {reason}.',
    remedy: 'Correct what is named above, or set TEMPORAL_ADDRESS to a running server.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_NAMESPACE_UNKNOWN: {
    sentence: 'The Temporal server at {address} has no namespace {namespace}.',
    remedy:
      'Create it with `temporal operator namespace create -n {namespace}`, or set TEMPORAL_NAMESPACE to an existing one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SEARCH_ATTRIBUTES_MISSING: {
    sentence:
      'The Temporal namespace {namespace} lacks the search attributes {missing}, and the worker has no permission to create them.',
    remedy:
      'An administrator of the namespace creates them with `temporal operator search-attribute create --namespace {namespace} {options}`, in Temporal Cloud with `tcld namespace search-attributes add --namespace {namespace} {cloudOptions}`. A worker that waits for them then goes on.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PROGRAM_NOT_STARTED: {
    sentence: 'The {program} could not be started: {reason}.',
    remedy: 'See {logFile} for the cause, fix it, and run `npm start` again.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_PART_MISSING: {
    sentence: 'Packages that only development needs are not installed here: {parts}.',
    remedy:
      'Install them beside chatlio-aep, as docs/deployment.md says ("Development with the packages"), or run this in a checkout, where `npm ci` installs everything.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_POSTGRES_NOT_STARTED: {
    sentence: 'The embedded PostgreSQL could not be started: {reason}.',
    remedy: 'Set DATABASE_URL to a PostgreSQL server of your own (14 or newer), or correct what is named above.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_MISSING: {
    sentence: 'Some data is encrypted with the key {keyId}, which is not in the key file {file}.',
    remedy:
      'Restore the key file from your backup; running workers and receivers read it again automatically. Without this key the data cannot be read.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_MISSING: {
    sentence: 'There is no key file {file}.',
    remedy:
      'For a new installation, make one with `chatlio-aep keys create`. If there is data already, restore its key file from your backup: no other key file can decrypt it.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_EXISTS: {
    sentence: 'The key file {file} already exists and was not changed. Its keys: {keys}.',
    remedy: 'Use it, or add a new key to it with `chatlio-aep keys rotate`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_LOST: {
    sentence: 'There is no key file {file}, but {where} holds data that was encrypted with one, so no new key is made.',
    remedy:
      'Restore the key file from your backup, or set CHATLIO_AEP_KEY_FILE to where it is. If it is lost for good, the encrypted data is lost too: start again with an empty database and another CHATLIO_AEP_HOME.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_EXPOSED: {
    sentence:
      'The key file {file} has the mode {mode}, expected 0600: users other than its owner can read or change it.',
    remedy:
      'Run `chmod 600 {file}`. If somebody may have read it, also run `chatlio-aep keys rotate`, then restart all workers and receivers.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_BUSY: {
    sentence: 'Another command is changing the key file {file} (pid {pid}).',
    remedy: 'Wait until it has finished, then give the command again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_KEY_FILE_FOREIGN: {
    sentence:
      "The key file {file} does not fit this installation's data: {reason}. Keys of the data: {expected}; keys in the file: {got}.",
    remedy:
      'Restore the key file of this installation from your backup, or merge two key files with `chatlio-aep keys merge FILE`. Nothing was changed.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEYS_DIFFER: {
    sentence: 'Workers and receivers use different keys: {processes}.',
    remedy:
      'Merge the key files with `chatlio-aep keys merge FILE`, give every worker and receiver the same file, and restart those that had another one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_HELD_FULL: {
    sentence:
      'Some webhook URLs have reached their limit for events that wait for a decision, and answer new ones of that kind with 503. In the last day: {routes}.',
    remedy:
      'Decide about the held events: `chatlio-aep held list {name}`. If somebody else posts to these URLs, replace them with `chatlio-aep urls {name} --rotate`. RECEIVER_HELD_MAX_BYTES raises the limit.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ACCESS_KEY_MISSING: {
    sentence:
      'The worker sends the answer encrypted, and this machine cannot decrypt it: there is no key file {file}, and CHATLIO_AEP_ACCESS_KEY is not set.',
    remedy:
      'Set CHATLIO_AEP_ACCESS_KEY to what `chatlio-aep keys access` prints on a machine that has the key file. It decrypts answers to commands only, not stored data.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ANSWER_NOT_AUTHENTIC: {
    sentence:
      "The answer cannot be decrypted with this machine's access key: it comes from another installation, or not from a worker at all.",
    remedy:
      "Compare this machine's key file, or CHATLIO_AEP_ACCESS_KEY, with the worker's (`chatlio-aep doctor`). If they are the same, somebody else answers in this Temporal namespace, or a worker still runs release 0.1.0.",
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATA_DAMAGED: {
    sentence: 'Encrypted data in the database cannot be decrypted: it was changed, or moved there from somewhere else.',
    remedy:
      'Restore the changed data from a backup of the database. An event that cannot be decrypted is held; the others are sent.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RELEASE_TOO_OLD: {
    sentence: 'This release does not know {what}, which a later release has written.',
    remedy: 'Run the later release on every worker. Nothing is lost until then.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_WORKER_TOO_OLD: {
    sentence: 'The worker is of an earlier release, which does not know {what}.',
    remedy: 'Run this release on every worker, then give the command again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_CLOCK_SKEW: {
    sentence: 'The clocks of the worker and {other} differ by {skew}.',
    remedy: 'Synchronise both clocks (NTP), then run `chatlio-aep doctor` again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DEMO_UNFINISHED: {
    sentence: 'The demo could not be finished: {reason}.',
    remedy: 'The logs are in {logs}. `chatlio-aep demo` continues where it stopped.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_USAGE: {
    sentence: '{reason}.',
    remedy: 'Run `chatlio-aep help`, or `chatlio-aep help COMMAND` for one command.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_INTERNAL: {
    sentence: 'An internal error occurred: {reason}.',
    remedy:
      'Run the command again with `--verbose` (a worker or receiver with LOG_LEVEL=debug), and report what it prints.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** A field of a document that is not as it must be. `path` is dotted, as a person would write it. */
export interface Problem {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
  /** Line of the document where the field stands, or where it is missing from; counted from 1. */
  readonly line?: number;
}

/** What Adobe said, normalised over its error families. Never holds a secret. */
export interface AdobeError {
  readonly service: string;
  readonly httpStatus?: number;
  /** Adobe's own code, for example `FLOW-1439-404`, `XDM-1521-400`, `403010`, `invalid_client`. */
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly requestId?: string;
  /** The first bytes of an answer that is of no known family, masked. */
  readonly raw?: string;
}

/** An error as data: what a catalogue entry needs to become a message, and nothing that must not be seen. */
export interface CatalogueError {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, string>>;
  readonly problems?: readonly Problem[];
  readonly adobe?: AdobeError;
}

/** Without Adobe's words, which may quote what was sent: for where no text of others is to stand. */
export function describeAdobeCodes({ service, httpStatus, code, requestId }: AdobeError): string {
  return describeAdobeError({ service, httpStatus, code, requestId });
}

export function describeAdobeError(error: AdobeError): string {
  const status = error.httpStatus === undefined ? 'no answer' : `HTTP ${error.httpStatus}`;
  const said = [error.code, error.title, error.detail ?? error.raw].filter((part) => part !== undefined && part !== '');
  const request = error.requestId === undefined ? [] : [`request ${error.requestId}`];
  return [`${error.service}: ${status}`, ...new Set(said), ...request].join(', ');
}

/** For people who are told of an error whose fields nobody knows: what to put there, as in a usage line. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { name: 'NAME', file: 'FILE', id: 'ID' };

/** No template is ever printed unfilled. */
function fill(template: string, error: CatalogueError): string {
  const value = (field: string): string | undefined => {
    if (field === 'adobe' && error.adobe !== undefined) return oneLine(describeAdobeError(error.adobe));
    const text = error.fields[field] ?? (field === 'again' ? commandThatGoesOn(error) : undefined);
    return text === undefined ? undefined : oneLine(text);
  };
  return template
    .replaceAll(/\[([^\]]*)\]/g, (_clause, text: string) =>
      [...text.matchAll(FIELD)].every(([, field]) => value(field ?? '') !== undefined) ? text : '',
    )
    .replaceAll(FIELD, (_placeholder, field: string) => value(field) ?? PLACEHOLDERS[field] ?? 'not known');
}

const FIELD = /\{(\w+)\}/g;

/** Most errors hold a step; an operation that has to be typed again says so in its fields. */
function commandThatGoesOn({ fields }: CatalogueError): string | undefined {
  const { name, command = 'resume' } = fields;
  return name === undefined ? undefined : `chatlio-aep ${command} ${name}`;
}

/** The sentence of an error, with its fields filled in. */
export function sentenceOf(error: CatalogueError): string {
  return fill(ERROR_CATALOGUE[error.code].sentence, error);
}

/** What to do about an error: the exact command where there is one. */
export function remedyOf(error: CatalogueError): string {
  return fill(ERROR_CATALOGUE[error.code].remedy, error);
}

/** The one exception class of this project: throws a {@link CatalogueError} through code that is not workflow code. */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly error: CatalogueError;
  /** As the catalogue says, but where a command gives that code another meaning. */
  readonly exitCode: ExitCode;

  constructor(error: CatalogueError, options?: { cause?: unknown; exitCode?: ExitCode }) {
    super(`${error.code}: ${sentenceOf(error)}`, options);
    this.error = error;
    this.exitCode = options?.exitCode ?? ERROR_CATALOGUE[error.code].exitCode;
  }
}

/** Shorthand for `new CodedError({ code, fields })`. */
export function codedError(
  code: ErrorCode,
  fields: Readonly<Record<string, string>> = {},
  extra: { adobe?: AdobeError; problems?: readonly Problem[]; cause?: unknown } = {},
): CodedError {
  const { cause, ...data } = extra;
  return new CodedError({ code, fields, ...data }, cause === undefined ? undefined : { cause });
}
