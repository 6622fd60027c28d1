/** A manifest to start from: every setting with its default value, explained where it stands. */

export interface TemplateFacts {
  readonly name: string;
  readonly sandbox: string;
  readonly widgets: readonly string[];
  /** How the manifest's folder reaches the published JSON Schema, so that editors complete fields. */
  readonly schema: string;
  /** How commands name the file. */
  readonly file: string;
}

export function manifestTemplate({ name, sandbox, widgets, schema, file }: TemplateFacts): string {
  return `# yaml-language-server: $schema=${schema}
#
# A source: chats from Chatlio into Adobe Experience Platform.
#   chatlio-aep plan ${file}        what would be made
#   chatlio-aep provision ${file}   make it
# What is commented out shows the default value.
version: 1

# Names the source, its workflows and everything it makes. Another name is another source.
name: ${name}

# Technical name of the Adobe sandbox.
sandbox: ${sandbox}

# Webhooks are kept as they were posted, and an event has what the mapping reads: \`full\` sends texts whole, messages one by one,
# traits; \`compact\` less than 8,000 bytes, for a dataset that is or will be enabled for Profile, which drops events above 10 KB.
# Left out, a source that there is already stays as it is; one of release 0.1 cuts events to 8,000 bytes when it takes them.
# contents: full

# What is not to leave for Adobe. docs/fields.md has the names.
# privacy:
#   drop: [visitor.location]
#   hash: [visitor.email] # SHA-256 of the trimmed value in lower case
#   redact: [cards, emails, phones] # in free texts
#   store:
#     drop: [visitor.IPAddress] # not even kept: nothing can send it or show it later

chatlio:
  widgets:
    # A name of your own choosing for the chat widget. It is part of every event id: keep it.
${widgets.map((key) => `    - key: ${key}\n      # kinds: [new-conversation, unanswered, feedback, offline-message, transcript]`).join('\n')}

# Titles are unique in a sandbox over all XDM resources.
# xdm:
#   fieldGroup:
#     title: Chatlio ${name} event details
#   schema:
#     title: Chatlio ${name} events

dataset:
  name: Chatlio ${name} events
  # tags:
  #   team: [support]

# Declares a field as an identity of the visitor. The namespace must exist already.
# identity:
#   field: visitorUUID # or visitorEmail, visitorUserId, visitorHandle
#   namespace: ChatlioVisitor
#   primary: false

# Every field of an event is mapped. Rows written here replace the default row with the same destination.
# mapping:
#   - destination: visitor_location
#     source: false # do not store it
#   - destination: chatlio_email
#     expression: lower(visitorEmail)
#   # Off until a row maps them; \`contents: full\` makes their fields.
#   - {destination: html_body, source: htmlBody} # the conversation as HTML
#   - {destination: visitor_IP_address, source: visitorIPAddress}
#
# Rows of your own alone, none by default: \`mapping: {defaults: false, rows: [...]}\`. Rows of Adobe's tutorial, and of sets as its API shows
# them, can be pasted.

# delivery:
#   partitions: 1
#   concurrency: 128 # unanswered requests per partition
#   maxRequestsPerSecond: 1000
#   requestTimeout: 65s
#   lease: 15s
#   settleWindow: 5m # events wait this long after a change of the flow, as AEP may drop data then
#   schemaSettleWindow: 15m
#   on503: strict # or lenient
#   onNotFound: resend # or hold
#   canary: on # or off: send all at once after a change of the mapping
#   lakeLatency: 3h
#   quietWarning: 24h
#   retention: 30d

# drift:
#   every: 24h # how often it is looked whether others have changed objects of this source in Adobe; or off
`;
}
