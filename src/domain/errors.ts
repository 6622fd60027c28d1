/**
 * The catalogue of errors that a person can meet: greppable code, what went wrong, what to do.
 *
 * Data first: an error is a plain object and prints elsewhere (`src/cli/render`). Codes are stable; a sentence may change.
 */

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
    remedy: 'Set the variable named above; `chatlio-aep doctor` checks all of them.',
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
    sentence: 'The Temporal server at {address} does not carry out the call: {reason}.',
    remedy: 'Try again in a moment. When it stays so, look into the log of the Temporal server.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_NO_ANSWER: {
    sentence: 'The worker has taken up the question and has not answered it: {reason}.',
    remedy: 'See with `chatlio-aep doctor` what the worker waits for, then ask again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_WORKFLOW_STUCK: {
    sentence: 'The workflow {workflow} stands still, because its worker cannot go on with its history: {reason}.',
    remedy:
      'Nothing is lost, and it goes on by itself once a worker can: run the release of chatlio-aep that it began with, or a later one, on every worker. `chatlio-aep doctor` lists all that stand still.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_NO_WORKER: {
    sentence: 'No worker polls the task queue {taskQueue}.',
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
    sentence: 'PostgreSQL refuses what DATABASE_URL asks for: {reason}.',
    remedy:
      'Correct user, password or database in DATABASE_URL; or give the role a schema of its own with `create schema authorization ROLE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATABASE_FULL: {
    sentence: 'PostgreSQL has no disk space left: {reason}.',
    remedy: 'Free space on the disk of the database, or give it a larger one; what waits goes on by itself.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATABASE_SET_BACK: {
    sentence:
      'The database was set back: it does not know what was sent of {name} (partition {partition}) under fence {fence}. Sending has stopped.',
    remedy:
      'What may have been sent is unknown and looked for: see `chatlio-aep held list {name}` and `chatlio-aep audit {name}`. When that is decided: `chatlio-aep unpause {name}`, then `chatlio-aep resume {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_DATABASE_NOT_DURABLE: {
    sentence: 'PostgreSQL may lose what it has committed: {setting} is {value}, expected {expected}.',
    remedy:
      'Set {setting} = {expected} on the server (`alter system set {setting} = {expected}`, then reload it), and look with `chatlio-aep doctor`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_RECEIVER_UNREACHABLE: {
    sentence: 'The receiver does not answer at {address}: {reason}.',
    remedy:
      'Start it with `chatlio-aep receiver` (or the whole stack with `npm start`); where it is elsewhere, say so with RECEIVER_PUBLIC_URL.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_UNKNOWN: {
    sentence: 'There is no source named {name}.',
    remedy: 'List the sources with `chatlio-aep status`, or create it with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_TORN_DOWN: {
    sentence: 'The source {name} was torn down, so nothing is sent any more: {decision} is not possible.',
    remedy:
      'Provision it again with its manifest, then decide; or settle the event with `chatlio-aep held abandon {name} ID` or `held mark-delivered {name} ID`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_SOURCE_DIFFERS: {
    sentence: 'The source {name} runs already, with another manifest (differs in: {fields}).',
    remedy:
      'Of a running source only `delivery` may change, once it is live. For the rest give the manifest another name; `chatlio-aep update FILE` comes with a later release.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SOURCE_HELD: {
    sentence: 'The source {name} is held at the step {step}: {reason}.',
    remedy: 'After the fix: `chatlio-aep resume {name}`. To undo what this operation made: `chatlio-aep abort {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_NOT_HELD: {
    sentence: 'The source {name} is not held: its phase is {phase}.',
    remedy: 'Look at it with `chatlio-aep status {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_NOT_LIVE: {
    sentence: 'The source {name} is not live: its phase is {phase}.',
    remedy:
      'Look at it with `chatlio-aep status {name}`; one that has ended is made again with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_OPERATION_RUNNING: {
    sentence: 'Another operation on the source {name} is under way: {operation}.',
    remedy: 'Wait for its end: `chatlio-aep status {name}` shows it.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ALREADY_DECIDED: {
    sentence: 'Somebody has already decided.',
    remedy: 'Look at the result with `chatlio-aep status[ {name}]`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_EVENT_UNKNOWN: {
    sentence: 'There is no exception {id} of {name}.',
    remedy: 'List what is held with `chatlio-aep held list {name}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_EVENT_DECIDED: {
    sentence: 'The event {id} of {name} is already decided, or has changed since it was looked at: it is {state}.',
    remedy: 'See what was decided, by whom and why with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DECISION_UNFIT: {
    sentence: 'An event that is held as {reason} cannot be decided "{decision}"; possible: {possible}.',
    remedy: 'See what is known of it with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DECISION_FAILED: {
    sentence: 'The decision "{decision}" cannot be carried out on the event {id}: {reason}.',
    remedy: 'The event stays held. See what is known of it with `chatlio-aep held show {name} {id}`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RESUME_CHANGES_MADE_STEP: {
    sentence: 'The corrected manifest changes {fields}, which belongs to a step that is made already ({step}).',
    remedy: 'Resume with a manifest that changes only later steps, or `chatlio-aep abort {name}` and provision again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_RESUME_OTHER_SOURCE: {
    sentence: 'The corrected manifest has another {fields}, so it is of another source than {name}.',
    remedy:
      'Resume with a manifest of this source; or `chatlio-aep abort {name}`, then provision the other one with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ABORTED: {
    sentence: 'The operation on {name} was aborted: {reason}.',
    remedy: 'See what is left with `chatlio-aep status {name}`; start again with `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_CREDENTIALS_REFUSED: {
    sentence: 'Adobe refuses the credentials ({adobe}).',
    remedy:
      'Correct ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET and ADOBE_ORG_ID of the worker and restart it[, then `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SCOPES_REFUSED: {
    sentence: 'Adobe does not give these credentials the scopes that are asked for ({adobe}).',
    remedy:
      'Set ADOBE_SCOPES of the worker to what the Developer Console shows for this credential (OAuth Server-to-Server, "Scopes"), and restart it[, then `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PERMISSION_MISSING: {
    sentence: 'Adobe denies the permission for this call ({adobe}).',
    remedy:
      'Give the credential a role with "Manage" on schemas, datasets and sources in this sandbox[, then `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SANDBOX_UNKNOWN: {
    sentence: 'Adobe does not know the sandbox {sandbox} ({adobe}).',
    remedy:
      'Correct `sandbox` in the manifest (the technical name, for example prod)[; where its first step is held: `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SOURCE_NOT_ENTITLED: {
    sentence: 'The organisation is not entitled to the Chatlio source ({adobe}).',
    remedy: 'Ask Adobe to enable the Chatlio source (beta) for this organisation[, then `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TITLE_TAKEN: {
    sentence: 'The title "{title}" is taken by {holder}, which this source did not make.',
    remedy:
      'Rename `{field}` in the manifest and `chatlio-aep resume {name} --manifest FILE`, or adopt what is there with `chatlio-aep resume {name} --adopt`.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_FOREIGN_RESOURCE: {
    sentence: 'A {resource} with our name but another owner exists: {holder}.',
    remedy:
      'Take it over with `chatlio-aep resume {name} --adopt`, or choose another `{field}` in the manifest and `chatlio-aep resume {name} --manifest FILE` (with another `name` it is another source: `chatlio-aep abort {name}`, then provision that one).',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_MAPPING_INVALID: {
    sentence: 'Adobe refuses the mapping: {reason}.',
    remedy: 'Correct `mapping` in the manifest[; where the step is held: `chatlio-aep resume {name} --manifest FILE`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_NAMESPACE_UNKNOWN: {
    sentence: 'The identity namespace {namespace} does not exist in the sandbox.',
    remedy:
      'Create it in Experience Platform (Identities), or name another one in `identity` of the manifest, or remove `identity`[; then `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ADOBE_REFUSED: {
    sentence: 'Adobe refuses the request ({adobe}).',
    remedy:
      'Adobe’s own words say what is wrong[; after the fix: `{again}`]. A held step also takes a corrected manifest: `resume` with `--manifest FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_UNAVAILABLE: {
    sentence: 'Adobe does not answer usefully at the moment ({adobe}).',
    remedy: '[Tried {attempts} time(s). ]Wait until Adobe is well again (https://status.adobe.com)[, then `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_AMBIGUOUS: {
    sentence: 'The answer to a call was lost ({adobe}); it may have taken effect.',
    remedy: 'Nothing is made twice: the next attempt looks before it calls again[: `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ADOBE_UNEXPECTED: {
    sentence: 'Adobe answered in a shape that is not known ({adobe}).',
    remedy: 'Report it to us, with the request id where there is one; it may pass[: `{again}`].',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_NOT_ENABLED: {
    sentence: 'The flow {id} did not become enabled within {waited}; its state is {state}.',
    remedy: 'Look at the flow in Experience Platform (Sources > Dataflows)[, then `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_NOT_DISABLED: {
    sentence: 'The flow {id} did not become disabled within {waited}; its state is {state}.',
    remedy: 'Look at the flow in Experience Platform (Sources > Dataflows)[, then `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_FLOW_GONE: {
    sentence: 'The flow {id} is not there any more: somebody has deleted it.',
    remedy:
      'Cancel its workflow, which takes away what belongs to the flow and keeps the data: `temporal workflow cancel --workflow-id source:{name}`; then `chatlio-aep provision FILE`.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_DATASET_GONE: {
    sentence: 'The dataset {id} is not there any more: somebody has deleted it.',
    remedy:
      'Cancel the workflow source:{name}, which takes away what belongs to the flow; then `chatlio-aep provision FILE` makes a new dataset.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RESOURCE_GONE: {
    sentence: '{name} is live, but of what it was made of, this is not at Adobe any more: {resources}.',
    remedy:
      'Cancel the workflow source:{name}, which takes away what belongs to the flow and keeps the data; then `chatlio-aep provision FILE` makes what is missing.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FLOW_DISABLED: {
    sentence: 'The flow {id} is disabled at Adobe: what is sent to it would be lost.',
    remedy: 'Enable it with `chatlio-aep unpause {name}`, which waits until it has settled.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SETTLE_WINDOW_TOO_SHORT: {
    sentence: 'The settle window {window} is shorter than the five minutes that Adobe documents.',
    remedy: 'Set `delivery.settleWindow` to 5m or more; shorter is only for the simulator.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_LATENCY_TOO_SHORT: {
    sentence: 'The lake latency {latency} is shorter than the 60 minutes that Adobe documents.',
    remedy: 'Set `delivery.lakeLatency` to 60m or more (3h is advised); shorter is only for the simulator.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_REFUSED: {
    sentence: 'Query Service does not let this installation read the lake ({reason}).',
    remedy:
      'Give the integration the permission "Manage Queries"; until then nothing is confirmed, and no event of unknown outcome is sent again by itself.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LAKE_UNAVAILABLE: {
    sentence: 'Query Service cannot be read at the moment ({reason}).',
    remedy: 'The worker tries again by itself[; give the command again later: `{again}`].',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_UNDO_INCOMPLETE: {
    sentence: 'Not everything could be undone; left: {left}.',
    remedy: 'After the fix: `chatlio-aep resume {name}` tries the rest again.',
    retryable: false,
    exitCode: EXIT_CODES.waitingForPerson,
  },
  CAEP_PORT_TAKEN: {
    sentence: 'Port {port}, wanted for {service}, is taken.',
    remedy: 'Stop what listens there, or choose another one with {option}.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_LISTEN_REFUSED: {
    sentence: 'Nothing can listen at {host}, port {port}, for {service}: {reason}.',
    remedy: 'Choose another place with {option}, or give this user what is missing.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_FILE_REFUSED: {
    sentence: 'The file or folder {path} cannot be used: {reason}.',
    remedy:
      'Give the user that runs this the right to it, or choose another place: CHATLIO_AEP_HOME for the home, CHATLIO_AEP_KEY_FILE for the keys, XDG_CACHE_HOME for what is downloaded.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DISK_FULL: {
    sentence: 'The disk has no room left ({path}).',
    remedy: 'Make room there, or choose a home on another disk with CHATLIO_AEP_HOME; what was taken is kept.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_OUTPUT_NOT_WRITTEN: {
    sentence: 'The output cannot be written ({reason}).',
    remedy: 'Make room where it goes to, then run the command again; what it began goes on without it.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ALREADY_RUNNING: {
    sentence: 'Another copy runs already here (pid {pid}).',
    remedy: 'Use it, stop it with Ctrl-C, or choose another folder with CHATLIO_AEP_HOME.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PLACE_LOST: {
    sentence:
      'Another receiver has taken over the place of this one in {home}, because it gave no sign of life for too long.',
    remedy:
      'Start it again with `chatlio-aep receiver`: it takes another place, and what it had spooled is with the other one. Give receivers on different machines homes of their own.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_TEMPORAL_NOT_OBTAINED: {
    sentence: 'No Temporal server could be found, downloaded or built.',
    remedy: 'Install the Temporal CLI, or Go (to build it), or set TEMPORAL_ADDRESS to a running server.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_TEMPORAL_REFUSED: {
    sentence: 'The Temporal server at {address} refuses the connection: {reason}.',
    remedy:
      'Check TEMPORAL_API_KEY, the TEMPORAL_TLS_… variables or the Temporal profile in use, and TEMPORAL_NAMESPACE.',
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
      'Create it with `temporal operator namespace create -n {namespace}`, or set TEMPORAL_NAMESPACE to another one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_SEARCH_ATTRIBUTES_MISSING: {
    sentence:
      'The Temporal namespace {namespace} lacks the search attributes {missing}, and they may not be created from here.',
    remedy:
      "Create each as Keyword, for example `temporal operator search-attribute create --name SourceName --type Keyword`, or in Temporal Cloud on the namespace's page.",
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_PROGRAM_NOT_STARTED: {
    sentence: 'The {program} could not be started: {reason}.',
    remedy: 'Read {logFile}, correct what it names, and run `npm start` again.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_POSTGRES_NOT_STARTED: {
    sentence: 'The embedded PostgreSQL could not be started: {reason}.',
    remedy: 'Set DATABASE_URL to a PostgreSQL server of your own (14 or newer), or correct what is named above.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_MISSING: {
    sentence: 'The key {keyId}, with which data is encrypted, is not in the key file {file}.',
    remedy:
      'Restore the key file from your backup: workers and receivers that run read it again. Without the key these bodies cannot be read.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_MISSING: {
    sentence: 'There is no key file {file}.',
    remedy:
      'For a new installation make one with `chatlio-aep keys create`. Where there is data already, put yours back from your backup: no other opens it.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_EXISTS: {
    sentence: 'The key file {file} is there already; it was left as it is. Its keys: {keys}.',
    remedy: 'Use it, or add a fresh key to it with `chatlio-aep keys rotate`.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_LOST: {
    sentence: 'There is no key file {file}, and {where} holds data that was encrypted with one: no key is made.',
    remedy:
      'Put the key file back from your backup, or name it with CHATLIO_AEP_KEY_FILE. If it is lost for good, so is what it has sealed: start anew with an empty database and another CHATLIO_AEP_HOME.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_EXPOSED: {
    sentence: 'The key file {file} has the mode {mode}, expected 0600: others than its owner may use it.',
    remedy:
      'Run `chmod 600 {file}`; if somebody may have read it, also `chatlio-aep keys rotate` and restart workers and receivers.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEY_FILE_BUSY: {
    sentence: 'Another command changes the key file {file} (pid {pid}).',
    remedy: 'Wait for its end, then give the command again.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_KEY_FILE_FOREIGN: {
    sentence:
      "The key file {file} does not fit this installation's data: {reason}. Keys of the data: {expected}; keys in the file: {got}.",
    remedy:
      'Put the key file of this installation back from your backup, or bring two files together with `chatlio-aep keys merge FILE`. Nothing was changed.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_KEYS_DIFFER: {
    sentence: 'Workers and receivers work with different keys: {processes}.',
    remedy:
      'Bring the files together with `chatlio-aep keys merge FILE`, give every worker and receiver the same file, and restart those that have another one.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_HELD_FULL: {
    sentence:
      'Bodies that wait for a decision take all the place of their webhook URLs; answered with 503 in the last day: {routes}.',
    remedy:
      'Decide what is held: `chatlio-aep held list {name}`. If somebody else posts there, `chatlio-aep urls {name} --rotate`. RECEIVER_HELD_MAX_BYTES gives more place.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_ACCESS_KEY_MISSING: {
    sentence:
      'What is to be shown crosses Temporal sealed, and this machine has nothing to open it with: no key file {file}, no CHATLIO_AEP_ACCESS_KEY.',
    remedy:
      'Set CHATLIO_AEP_ACCESS_KEY to what `chatlio-aep keys access` prints on a machine that has the key file; it opens answers, and nothing that is stored.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_ANSWER_NOT_AUTHENTIC: {
    sentence:
      "The answer does not open with this machine's access key: it is of another installation, or not from its worker.",
    remedy:
      "Compare the key file of this machine, or CHATLIO_AEP_ACCESS_KEY, with the worker's (`chatlio-aep doctor`). If they are the same, somebody else answers in this Temporal namespace; a worker of release 0.1.0 does too.",
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DATA_DAMAGED: {
    sentence: 'Sealed data in the database cannot be opened: it was changed, or belongs elsewhere.',
    remedy:
      'Restore what was changed from a backup of the database. An event that cannot be opened is held by itself; the others go on.',
    retryable: false,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_RELEASE_TOO_OLD: {
    sentence: 'This release does not know {what}, which a later one has written.',
    remedy: 'Run the later release on every worker; nothing is lost meanwhile.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_CLOCK_SKEW: {
    sentence: 'The clocks of worker and {other} differ by {skew}.',
    remedy: 'Synchronise both (NTP), then run `chatlio-aep doctor` again.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_DEMO_UNFINISHED: {
    sentence: 'The demo could not be finished: {reason}.',
    remedy: 'The logs are in {logs}. `chatlio-aep demo` goes on where it was.',
    retryable: true,
    exitCode: EXIT_CODES.failed,
  },
  CAEP_USAGE: {
    sentence: '{reason}.',
    remedy: 'See `chatlio-aep help`, and `chatlio-aep help COMMAND` for one command.',
    retryable: false,
    exitCode: EXIT_CODES.badConfiguration,
  },
  CAEP_INTERNAL: {
    sentence: 'Something went wrong that should not: {reason}.',
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
