"""The examples of the language reference: a whole small spec, and for a block what it looks like, laid over that spec.

A test loads every one of them; an example that lint has anything to say about is not printed anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLE = """\
spec: clmkit/v1
name: small
version: 1.0.0
summary: The start date and the owner of a contract.
api_version: "66.0"
prefix: CLM
stewards: {legal_ops: Legal operations}
audiences:
  integration: {label: CLM Integration, kind: integration_user}
  reader: {label: CLM Reader}
latency: {minutes: {p99: 5 min}}
defaults: {owner: clm, latency: minutes, audience: [reader], steward: legal_ops}
objects:
  contract:
    clm: agreements
    salesforce: Contract
    key: {clm: id, field: CLM_Id__c, case_sensitive: true}
    version: {clm: revision, field: CLM_Version__c}
    fields:
      start: {clm: term.start, field: StartDate, transform: us_date}
      owner: {clm: business_owner.email, field: OwnerId, match: User.Email, transform: email, owner: salesforce}
      clauses: {clm: clauses, class: clm_only, reason: Clause text stays in the CLM.}
"""

_LIFECYCLE = """\
lifecycle:
  clm: stage
  field: Status
  stages: [DRAFT, ACTIVE, ENDED]
  states:
    draft: {clm: DRAFT, status: Draft, category: Draft}
    active: {clm: ACTIVE, status: Activated, category: Activated}
    ended: {clm: ENDED, status: Ended, category: Activated}
  moves: {draft: [active], active: [ended]}
  frozen_after: {active: [start]}
  old_statuses: {Signed: active}
objects:
  contract:
    fields:
      status: {clm: stage, field: Status, lifecycle: true, blank: park_row}
"""

_LINES = """\
  line:
    clm: agreements.lines
    salesforce: CLM_Line__c
    label: Contract Line
    record_name: {label: Line Number, format: "L-{000000}"}
    key: {clm: id, field: CLM_Id__c, case_sensitive: true}
    parents:
      contract: {clm: /id, field: Contract__c, match: Contract.CLM_Id__c, kind: master_detail, relationship: CLM_Lines}
    fields:
      product: {clm: product, field: Product__c, type: {text: 255}, transform: one_line, description: What is sold.}
"""

EXAMPLES: Mapping[str, str] = {
    "SystemsBlock": """\
systems:
  clm: {label: Contract CLM, region: EU}
  salesforce: {label: Sales org, edition: enterprise, features: [shield], zone: Europe/Berlin, region: EU}
""",
    "EnvironmentBlock": """\
environments:
  development: {kind: scratch, data: made_up}
  integration: {kind: sandbox, data: masked}
  staging: {kind: staging, data: masked}
  production: {kind: production, data: real, description: Legal operations release to it.}
""",
    "CurrencyBlock": """\
currency: {org: USD, multi: true, active: [USD, EUR]}
""",
    "LatencyBlock": """\
latency:
  minutes: {p99: 5 min}
  realtime: {p99: 2 s, class: realtime}
  nightly: {at: "02:00", zone: Europe/Berlin}
objects:
  contract:
    fields:
      start: {latency: realtime}
      owner: {latency: nightly}
""",
    "OwnSideBlock": """\
us: {names: [Northstar Inc., Northstar GmbH]}
""",
    "ValueMapBlock": """\
value_maps:
  kind:
    unknown: other
    other: Other
    values:
      NDA: Confidentiality
      SVC: {value: Services, label: Services and work}
      OLD: {value: Purchase, active: false}
objects:
  contract:
    fields:
      kind: {clm: kind, field: CLM_Kind__c, type: {picklist: kind}, description: Kind of agreement.}
""",
    "LifecycleBlock": _LIFECYCLE,
    "RetentionBlock": _LIFECYCLE
    + """\
retention:
  contract_law: {keep: 7 years, after: [ended], then: review, hold: legal_hold, law: Statute of limitations.}
defaults: {retention: contract_law}
""",
    "RequestBlock": """\
requests:
  closed_won:
    event: {object: Opportunity, field: StageName, becomes: [Closed Won]}
    where: [{field: Amount, at_least: 10000}, {field: Type, one_of: [New Customer]}]
    contract_type: Services Agreement
    prefill: {title: Name, counterparty.id: Account.CLM_Party_Id__c, value.total: Amount}
    needs: [counterparty.id]
""",
    "ApprovalsBlock": _LIFECYCLE
    + """\
currency: {org: USD}
stewards: {finance: Controlling}
approvals:
  state: draft
  facts:
    value: {clm: value.total, currency: USD}
    risk: {clm: risk, one_of: [low, high]}
  rows:
    small: {when: {value: {below: 50000}, risk: [low]}, approvers: [legal_ops], within: 1 days}
    large: {when: {value: {at_least: 50000}, risk: [low]}, approvers: [legal_ops, finance], within: 3 days}
    risky: {when: {risk: [high]}, approvers: [legal_ops, finance], within: 5 days}
""",
    "RenewalBlock": """\
renewal:
  end: end
  notice: notice
  given: notices
  remind: [180, 90, 30]
  steward: legal_ops
  escalate: {after: 14 days, to: legal_ops}
  opportunity: {before: 120 days, stage: Prospecting}
objects:
  contract:
    fields:
      end: {clm: term.end, field: CLM_End__c, type: date, description: Last day.}
      notice:
        clm: renewal.notice
        field: CLM_Notice__c
        type: {number: {precision: 4, scale: 0}}
        transform: duration_in_days
        description: Days of notice.
      notices: {field: CLM_Notices__c, type: {roll_up: {of: told, operation: count}}, description: Notices that were given.}
  told:
    clm: agreements.notices
    salesforce: CLM_Told__c
    label: Notice
    record_name: {label: Notice Number, format: "N-{000000}"}
    key: {clm: id, field: CLM_Id__c, case_sensitive: true}
    parents:
      contract: {clm: /id, field: Contract__c, match: Contract.CLM_Id__c, kind: master_detail, relationship: CLM_Told}
    fields:
      effective: {clm: effective, field: Effective_Date__c, type: date, description: Day on which the agreement ends by it.}
""",
    "PresentationBlock": """\
presentation:
  app: {label: Contracts, description: Contracts and what they bring., objects: [contract]}
  objects:
    contract:
      panel: {fields: [start, owner], read_only: [owner]}
      page: {main: [details, panel], sidebar: [related, "runtime_sales_activities:activityPanel"]}
      compact: [start]
      list_views:
        soon: {label: Starting soon, columns: [start, CREATED_DATE], where: [{field: start, within_next: 30}], scope: Mine}
        named:
          label: Old or never changed
          columns: {only: [start, CONTRACT.CONTRACT_NUMBER]}
          where: [{field: start, in_last: 300}]
          filters: [{field: LAST_UPDATE, operation: lessThan, value: "LAST_N_DAYS:90"}]
          logic: 1 OR 2
  reports:
    starting: {label: What starts, object: contract, columns: [start], group_by: start, dates_by: Month}
""",
    "RecordTypesBlock": """\
objects:
  contract:
    record_types:
      clm: contract_type
      types:
        services: {label: Services, for: [Services Agreement, Statement of Work], description: Work by the hour.}
        supply: {label: Supply, for: [Supply Agreement]}
""",
    "CheckBlock": """\
objects:
  contract:
    checks:
      start_missing:
        wrong_when: AND(ISPICKVAL(Status, "Activated"), ISBLANK(StartDate))
        message: When does it start?
        at: start
""",
    "ShareBlock": """\
objects:
  memo:
    clm: agreements.documents
    salesforce: CLM_Memo__c
    label: Contract Memo
    sharing: Private
    record_name: {label: Memo Number, format: "M-{000000}"}
    key: {clm: id, field: CLM_Id__c, case_sensitive: true}
    parents:
      contract: {clm: /id, field: Contract__c, match: Contract.CLM_Id__c, relationship: CLM_Memos}
    shares:
      finance: {label: Finance reads exhibits, group: Finance, access: read, where: [{field: kind, is: exhibit}]}
    fields:
      kind: {clm: kind, field: Kind__c, type: {text: 40}, description: What the document is.}
""",
    "TypeBlock": """\
objects:
  contract:
    fields:
      title: {clm: title, field: CLM_Title__c, type: {text: 255}, transform: one_line, description: Name.}
      summary: {clm: summary, field: CLM_Summary__c, type: {long_text: 4000}, description: What it is about.}
      days: {field: CLM_Days__c, type: {formula: {returns: number, scale: 0, formula: TODAY() - StartDate}}, description: Age.}
      lines: {field: CLM_Lines__c, type: {roll_up: {of: line, operation: count}}, description: How many lines.}
      number: {field: CLM_Number__c, type: {auto_number: {format: "C-{000000}"}}, description: Running number.}
      site: {field: CLM_Site__c, type: {geolocation: {scale: 6}}, description: Where the work is done.}
"""
    + _LINES,
    "PrecedenceBlock": _LIFECYCLE
    + """\
      signer:
        clm: signer
        field: CLM_Signer__c
        type: {text: 80}
        description: Who signs.
        owner: shared
        precedence:
          - {states: [draft], wins: salesforce}
          - {states: [active], roles: [reader], window: {before: start, days: 30}, wins: salesforce}
          - {wins: clm}
        conflict: steward_decides
""",
    "ParentBlock": "objects:\n" + _LINES,
}
"""Name of the block's type -> an example of it."""

OVERLAY_EXAMPLE = """\
overlay: clmkit/v1
base: contract.yml
org: emea
summary: The European org keeps euros and has no owner field.
remove: [objects.contract.fields.owner]
change:
  currency: {org: EUR}
  objects:
    contract:
      fields:
        start: {audience: [reader, works_council]}
  audiences:
    works_council: {label: CLM Works Council}
accepts:
  - {at: objects.contract.fields.start.audience, reason: Co-determination., steward: legal_ops}
"""
