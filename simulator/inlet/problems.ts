/** The bodies in which the inlet refuses. */
import { type ErrorFamily, Refusal } from '../errorFamilies.js';

/** "Data collection service" problem, with the message inside `report`. */
export const inletFamily: ErrorFamily = {
  body: ({ status, title, detail, report }) => ({
    type: 'http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet',
    status,
    title,
    report: { message: detail, ...report },
  }),
};

/** Mind that `status` is text here, as in the documented sample. */
const authorizationFamily: ErrorFamily = {
  body: ({ status, title, detail }) => ({
    type: 'https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization',
    status: String(status),
    title,
    report: { message: detail },
  }),
};

export function refusal(
  status: number,
  title: string,
  detail: string,
  report?: Readonly<Record<string, unknown>>,
): Refusal {
  return new Refusal({ status, title, detail, ...(report === undefined ? {} : { report }) });
}

export function authorizationRefusal(status: number, detail: string): Refusal {
  return new Refusal({ status, title: 'Authorization', detail }, authorizationFamily);
}

/** `inletId: [...] imsOrgId: [...] Message is invalid` */
export function messageRefusal(
  inlet: { readonly id: string; readonly orgId: string },
  ending: string,
  report?: Readonly<Record<string, unknown>>,
): Refusal {
  const detail = `inletId: [${inlet.id}] imsOrgId: [${inlet.orgId}] ${ending}`;
  return refusal(400, 'Invalid XDM Message Format', detail, report);
}
