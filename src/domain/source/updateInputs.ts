/**
 * What the updates of the workflows take, one shape for each. Validators refuse by them and are not replayed; handlers go on
 * accepting whatever stands in a history.
 */
import { CHOICE_SETTINGS, COUNT_SETTINGS } from '../delivery/deliverySettings.js';
import type { ForwarderResumeInput, WakeInput } from '../delivery/forwarder.js';
import { KINDS } from '../events/kinds.js';
import { CONTENTS, REDACTIONS, type WrittenPrivacy } from '../projection/projection.js';
import type { DriftInput } from '../drift/drift.js';
import type { DriftSettings } from '../drift/settings.js';
import type { RepairInput } from '../drift/repair.js';
import type { Delivery, Identity, Manifest, MappingRow } from './manifest.js';
import { REPLACEMENTS } from './updating/replacing.js';
import { XDM_TYPE_NAMES, type XdmField } from './xdm/xdmTypes.js';
import type { PauseInput, UnpauseInput } from '../delivery/pause.js';
import { filledText, flag, listOf, mapOf, object, oneOf, optional, text, wholeNumber } from '../events/shape.js';
import type { SeenField, SeenObject } from './plan.js';
import type { PlanCheck } from '../planning/savedPlan.js';
import { STEP_NAMES } from './steps.js';
import type { AbortInput, ConfigureInput, ResumeInput } from './source.js';
import type { TeardownInput } from './teardown.js';
import type { UpdateInput } from './update.js';

const LONGEST_MS = 3_650 * 86_400_000;
const duration = wholeNumber(0, LONGEST_MS);
/** Of 0 there would be no timeout at all. */
const positive = wholeNumber(1, LONGEST_MS);

const count = ({ atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }) =>
  wholeNumber(atLeast, atMost);

const DELIVERY = object<Delivery>({
  partitions: count(COUNT_SETTINGS.partitions),
  concurrency: count(COUNT_SETTINGS.concurrency),
  maxRequestsPerSecond: count(COUNT_SETTINGS.maxRequestsPerSecond),
  requestTimeoutMs: positive,
  leaseMs: positive,
  settleWindowMs: duration,
  schemaSettleWindowMs: duration,
  on503: oneOf(CHOICE_SETTINGS.on503.choices),
  onNotFound: oneOf(CHOICE_SETTINGS.onNotFound.choices),
  canary: optional(oneOf(['off'])),
  lakeLatencyMs: duration,
  quietWarningMs: duration,
  retentionMs: duration,
});

/** As `provision` hands it over: parsed, with every default filled in. */
const MANIFEST = object<Manifest>({
  version: oneOf([1]),
  name: filledText,
  sandbox: filledText,
  contents: optional(oneOf(CONTENTS)),
  privacy: optional(
    object<WrittenPrivacy>({
      drop: listOf(filledText),
      hash: listOf(filledText),
      redact: listOf(oneOf(REDACTIONS)),
      store: optional(object<NonNullable<WrittenPrivacy['store']>>({ drop: listOf(filledText) })),
    }),
  ),
  chatlio: object<Manifest['chatlio']>({
    widgets: listOf(
      object<Manifest['chatlio']['widgets'][number]>({
        key: filledText,
        kinds: listOf(oneOf(KINDS), { atLeast: 1 }),
      }),
      { atLeast: 1 },
    ),
  }),
  xdm: object<Manifest['xdm']>({
    fieldGroup: object<Manifest['xdm']['fieldGroup']>({ title: filledText }),
    schema: object<Manifest['xdm']['schema']>({ title: filledText }),
    fields: optional(listOf(object<XdmField>({ path: filledText, type: oneOf(XDM_TYPE_NAMES), title: filledText }))),
  }),
  dataset: object<Manifest['dataset']>({ name: filledText, tags: mapOf(listOf(filledText)) }),
  identity: optional(object<Identity>({ field: filledText, namespace: filledText, primary: flag })),
  mapping: listOf(
    object<MappingRow>({ source: filledText, sourceType: oneOf(['ATTRIBUTE', 'EXPRESSION']), destination: filledText }),
    { atLeast: 1 },
  ),
  mappingReads: optional(listOf(filledText)),
  proof: optional(oneOf(['none'])),
  delivery: DELIVERY,
  drift: optional(object<DriftSettings>({ everyMs: duration })),
});

export const RESUME_INPUT = object<ResumeInput>({
  manifest: optional(MANIFEST),
  adopt: optional(flag),
  withoutReceivers: optional(listOf(filledText)),
  by: optional(text),
});

export const ABORT_INPUT = object<AbortInput>({ reason: optional(text), by: optional(text) });

export const PAUSE_INPUT = object<PauseInput>({
  reason: optional(text),
  by: optional(text),
  disableFlow: optional(flag),
});

export const UNPAUSE_INPUT = object<UnpauseInput>({ by: optional(text) });

export const CONFIGURE_INPUT = object<ConfigureInput>({ delivery: DELIVERY, by: optional(text) });

const SEEN_FIELDS = listOf(object<SeenField>({ field: filledText, found: optional(text) }));

const PLAN_CHECK = object<PlanCheck>({
  v: oneOf([1]),
  uid: filledText,
  running: MANIFEST,
  seen: listOf(
    object<SeenObject>({
      step: oneOf(STEP_NAMES),
      id: filledText,
      version: optional(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
      fields: (value, path) => (value === 'gone' ? undefined : SEEN_FIELDS(value, path)),
    }),
  ),
});

export const UPDATE_INPUT = object<UpdateInput>({
  manifest: MANIFEST,
  replace: optional(oneOf(REPLACEMENTS)),
  now: optional(flag),
  by: optional(text),
  plan: optional(PLAN_CHECK),
});

export const DRIFT_INPUT = object<DriftInput>({ by: optional(text) });

export const REPAIR_INPUT = object<RepairInput>({ recreate: optional(listOf(oneOf(STEP_NAMES))), by: optional(text) });

export const TEARDOWN_INPUT = object<TeardownInput>({
  discard: optional(flag),
  noWait: optional(flag),
  withoutReceivers: optional(listOf(filledText)),
  deleteData: optional(flag),
  includeAdopted: optional(flag),
  reason: optional(text),
  by: optional(text),
});

export const FORWARDER_CONFIGURE_INPUT = DELIVERY;

export const FORWARDER_RESUME_INPUT = object<ForwarderResumeInput>({ by: optional(text) });

/** Of the signal, which nobody can refuse: what is not so is for every partition. */
export const WAKE_INPUT = object<WakeInput>({
  partitions: optional(listOf(wholeNumber(0, COUNT_SETTINGS.partitions.atMost - 1))),
  uid: optional(filledText),
});
