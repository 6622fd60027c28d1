/** `adopt`: what there is, what does not fit, and what would be changed. */
import { counted } from '../../../domain/counted.js';
import { WITHOUT_PROOF } from '../../../domain/exceptions/proof.js';
import type { Problem } from '../../../domain/errors.js';
import { oneLine } from '../../../domain/printable.js';
import type { AdoptionReport, Misfit } from '../../../domain/source/adoption/adoption.js';
import type { Manifest } from '../../../domain/source/manifest.js';
import { STEPS } from '../../../domain/source/steps.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';

export function renderAdoption(report: AdoptionReport, manifest: Manifest, paint: Paint): string {
  const { sandbox, flow, objects, misfits, mapping } = report;
  const { name, proof, identity } = manifest;
  const isIdentityMade = identity !== undefined && !objects.some(({ step }) => step === 'identity-descriptor');
  return [
    `Taking over the flow ${paint.strong(oneLine(flow.name))} ${paint.faint(flow.id)} in sandbox ${sandbox} as the source ${paint.strong(name)}`,
    '',
    columns([
      ...objects.map(({ step, id, name: called, marked }) => [
        paint.good('+'),
        'adopt',
        STEPS[step].title,
        oneLine(called),
        marked ? paint.faint('gets a mark') : '',
        paint.faint(id),
      ]),
      ...(isIdentityMade
        ? [
            [
              paint.good('+'),
              'create',
              STEPS['identity-descriptor'].title,
              `${identity.field} as ${identity.namespace}`,
            ],
          ]
        : []),
    ]),
    '',
    ...(misfits.length === 0
      ? []
      : [paint.bad(`${counted(misfits.length, 'difference')} in the way:`), misfitRows(misfits, paint), '']),
    ...(mapping.length === 0
      ? []
      : [
          paint.caution('The mapping would be changed, as its next version, and the flow would lead to it:'),
          misfitRows(mapping, paint),
          'Events wait until the flow has settled. What others post to its inlet meanwhile may be lost, and is mapped in the new way from then on.',
          '',
        ]),
    ...(proof === 'none' ? [`${paint.caution('!')} ${WITHOUT_PROOF}`, ''] : []),
    paint.faint('Nothing that is adopted is deleted by `abort`, a cancel, or a teardown without --include-adopted.'),
  ].join('\n');
}

function misfitRows(misfits: readonly Misfit[], paint: Paint): string {
  return columns(
    misfits.map(({ step, field, wanted = 'none', found = 'none' }) => [
      paint.caution('~'),
      STEPS[step].title,
      oneLine(field),
      oneLine(found),
      paint.faint('→'),
      oneLine(wanted),
    ]),
  );
}

export function adoptionDocument({ v: _v, found: _found, ...report }: AdoptionReport): object {
  return report;
}

interface Written {
  readonly file: string;
  readonly flow: string;
  readonly proof: boolean;
  readonly unsaid: readonly string[];
  readonly problems: readonly Problem[];
}

export function renderWritten({ file, flow, proof, unsaid, problems }: Written, paint: Paint): string {
  return [
    `${paint.good('✔')} Wrote ${paint.strong(file)}`,
    ...unsaid.map((text) => `${paint.caution('!')} A manifest cannot say: ${oneLine(text)}`),
    ...problems.map(
      ({ path, line, expected }) =>
        `${paint.bad('✖')} To be corrected${line === undefined ? '' : `, line ${line}`}: ${oneLine(path)}: expected ${oneLine(expected)}`,
    ),
    ...(proof
      ? []
      : [
          `${paint.caution('!')} The mapping does not tell events apart in the lake; the file says how to change that.`,
        ]),
    '',
    columns(
      [[`chatlio-aep adopt ${file} --flow ${flow}${proof ? '' : ' --without-proof'}`, paint.faint('take it over')]],
      0,
    ),
  ].join('\n');
}
