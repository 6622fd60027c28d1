/**
 * Fixed identifiers, as Adobe publishes them.
 *
 * Sources: "Create a source connection and dataflow for Chatlio using the Flow Service API" and
 * "ExperienceEvent class", both in Adobe's Experience Platform documentation.
 */
export const CHATLIO_CONNECTION_SPEC = { id: '073127a3-26e3-496c-9d94-9f48fb93fba8', version: '1.0' } as const;
export const DATA_LAKE_CONNECTION_SPEC = { id: 'c604ff05-7f1a-43c0-8e18-33bf874cb11c', version: '1.0' } as const;
export const STREAMING_FLOW_SPEC = { id: 'e77fde5a-22a8-11ed-861d-0242ac120002', version: '1.0' } as const;
export const SOURCES_PROVIDER_ID = '521eee4d-8cbe-4906-bb48-fb6bd4450033';
export const EXPERIENCE_EVENT_CLASS = 'https://ns.adobe.com/xdm/context/experienceevent';
/** How a dataset, a target connection and a mapping set refer to a schema's version. */
export const SCHEMA_CONTENT_TYPE = 'application/vnd.adobe.xed-full+json;version=1';
