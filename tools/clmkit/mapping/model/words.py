"""The words of the language: every closed choice that a spec makes, as an enum."""

from __future__ import annotations

import enum


class FieldKind(enum.Enum):
    """A Salesforce field type, in the spec's spelling. `metadata_name` is the spelling of the Metadata API."""

    TEXT = "text"
    TEXT_AREA = "text_area"
    LONG_TEXT = "long_text"
    HTML = "html"
    NUMBER = "number"
    CURRENCY = "currency"
    PERCENT = "percent"
    CHECKBOX = "checkbox"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    LOOKUP = "lookup"
    MASTER_DETAIL = "master_detail"
    AUTO_NUMBER = "auto_number"
    FORMULA = "formula"
    ROLL_UP = "roll_up"
    ENCRYPTED_TEXT = "encrypted_text"
    GEOLOCATION = "geolocation"
    HIERARCHY = "hierarchy"
    METADATA_RELATIONSHIP = "metadata_relationship"
    EXTERNAL_LOOKUP = "external_lookup"
    INDIRECT_LOOKUP = "indirect_lookup"

    @property
    def metadata_name(self) -> str:
        """The `type` element of a CustomField. A formula's is that of its result: `FieldType.metadata_name` knows it."""
        return _METADATA_NAMES[self]

    @property
    def is_computed(self) -> bool:
        """Whether Salesforce makes the value: nobody can write the field."""
        return self in (FieldKind.AUTO_NUMBER, FieldKind.FORMULA, FieldKind.ROLL_UP)

    @property
    def is_filled_elsewhere(self) -> bool:
        """Whether the sync cannot fill it: several values in one field, or a reference that the CLM knows nothing of."""
        return self in (FieldKind.GEOLOCATION, FieldKind.HIERARCHY, *MISPLACED)


MISPLACED = (FieldKind.METADATA_RELATIONSHIP, FieldKind.INDIRECT_LOOKUP)
"""Kinds that Salesforce refuses on every object that a spec can name: the language knows them so that lint can say why."""

_METADATA_NAMES = {
    FieldKind.TEXT: "Text",
    FieldKind.TEXT_AREA: "TextArea",
    FieldKind.LONG_TEXT: "LongTextArea",
    FieldKind.HTML: "Html",
    FieldKind.NUMBER: "Number",
    FieldKind.CURRENCY: "Currency",
    FieldKind.PERCENT: "Percent",
    FieldKind.CHECKBOX: "Checkbox",
    FieldKind.DATE: "Date",
    FieldKind.DATETIME: "DateTime",
    FieldKind.TIME: "Time",
    FieldKind.URL: "Url",
    FieldKind.EMAIL: "Email",
    FieldKind.PHONE: "Phone",
    FieldKind.PICKLIST: "Picklist",
    FieldKind.MULTIPICKLIST: "MultiselectPicklist",
    FieldKind.LOOKUP: "Lookup",
    FieldKind.MASTER_DETAIL: "MasterDetail",
    FieldKind.AUTO_NUMBER: "AutoNumber",
    FieldKind.FORMULA: "Formula",
    FieldKind.ROLL_UP: "Summary",
    FieldKind.ENCRYPTED_TEXT: "EncryptedText",
    FieldKind.GEOLOCATION: "Location",
    FieldKind.HIERARCHY: "Hierarchy",
    FieldKind.METADATA_RELATIONSHIP: "MetadataRelationship",
    FieldKind.EXTERNAL_LOOKUP: "ExternalLookup",
    FieldKind.INDIRECT_LOOKUP: "IndirectLookup",
}


class FieldClass(enum.Enum):
    """What may happen to a field's value: kept the same, shown only, or never leaving the CLM."""

    SYNC = "sync"
    READ_ONLY = "read_only"
    CLM_ONLY = "clm_only"


class Owner(enum.Enum):
    """The system of record. SHARED: the precedence table decides per lifecycle state."""

    CLM = "clm"
    SALESFORCE = "salesforce"
    SHARED = "shared"


class Direction(enum.Enum):
    """Which way values move; always implied by owner and class, never written in the spec."""

    CLM_TO_SALESFORCE = "clm_to_salesforce"
    SALESFORCE_TO_CLM = "salesforce_to_clm"
    BOTH = "both"
    NONE = "none"


class ConflictRule(enum.Enum):
    """What happens when both sides changed a field since they last agreed."""

    OWNER_WINS = "owner_wins"
    PRECEDENCE = "precedence"  # the precedence row that applies names the winner
    NEWEST_WINS = "newest_wins"
    STEWARD_DECIDES = "steward_decides"  # parked as a conflict; nothing is written


class Blank(enum.Enum):
    """What an empty CLM value does to the Salesforce field."""

    CLEAR = "clear"  # writes null
    LEAVE = "leave"  # writes nothing
    PARK = "park_value"  # an empty value is an error somebody must look at
    PARK_ROW = "park_row"


class Park(enum.Enum):
    """How much waits when a value cannot be mapped."""

    VALUE = "park_value"  # the row is written without this field
    ROW = "park_row"  # the whole row waits


class Missing(enum.Enum):
    """What happens when the Salesforce record that a reference names does not exist."""

    PARK_ROW = "park_row"
    PARK_VALUE = "park_value"
    CREATE = "create"  # upsert it from the object mapping of that Salesforce object, parents first


class Role(enum.Enum):
    """Why a Salesforce field is in the mapping."""

    KEY = "key"  # the external ID that upserts match on
    VERSION = "version"  # the CLM revision that wrote the row last
    PARENT = "parent"  # lookup or master-detail that places the row
    VALUE = "value"  # a mapped value
    RECORD_TYPE = "record_type"  # RecordTypeId, chosen by a CLM value
    FLAG = "flag"  # a checkbox that says a special value stands behind an empty field


class Origin(enum.Enum):
    """Where a Salesforce field comes from."""

    STANDARD = "standard"  # Salesforce ships it
    CREATED = "created"  # the kit generates and deploys it
    EXISTING = "existing"  # a custom field that the org already has; the kit never writes its metadata


class AudienceKind(enum.Enum):
    INTEGRATION_USER = "integration_user"
    PEOPLE = "people"


class Encryption(enum.Enum):
    """How Shield Platform Encryption keeps a field at rest. Only deterministic values can be searched or matched."""

    NONE = "none"
    PROBABILISTIC = "probabilistic"
    CASE_SENSITIVE = "case_sensitive"
    CASE_INSENSITIVE = "case_insensitive"

    @property
    def metadata_name(self) -> str:
        """The `encryptionScheme` of a CustomField."""
        return _ENCRYPTION_SCHEMES[self]


_ENCRYPTION_SCHEMES = {
    Encryption.NONE: "None",
    Encryption.PROBABILISTIC: "ProbabilisticEncryption",
    Encryption.CASE_SENSITIVE: "CaseSensitiveDeterministicEncryption",
    Encryption.CASE_INSENSITIVE: "CaseInsensitiveDeterministicEncryption",
}


class Cleared(enum.Enum):
    """What an emptied Salesforce field does to the CLM, on the way back."""

    CLEAR = "clear"  # the CLM's value becomes empty, too
    LEAVE = "leave"  # the CLM keeps its value
    PARK = "park_value"  # a steward decides


class LatencyClass(enum.Enum):
    """How a change travels: rung by an event, looked for every few minutes, or in a batch at a time of day."""

    REALTIME = "realtime"
    MINUTES = "minutes"
    BATCH = "batch"


class EnvironmentKind(enum.Enum):
    SCRATCH = "scratch"
    SANDBOX = "sandbox"
    STAGING = "staging"  # a sandbox that is a copy of production
    PRODUCTION = "production"


class DataKind(enum.Enum):
    """Whose data an environment holds."""

    MADE_UP = "made_up"
    MASKED = "masked"
    REAL = "real"


class Edition(enum.Enum):
    """A Salesforce edition; it decides how many custom fields an object may have."""

    DEVELOPER = "developer"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"
    PERFORMANCE = "performance"
    UNLIMITED = "unlimited"


class Feature(enum.Enum):
    """What an org has bought or switched on, beyond its edition."""

    MULTI_CURRENCY = "multi_currency"
    SHIELD = "shield"
    CHANGE_EVENTS_ADDON = "change_events_addon"
    REVENUE_CLOUD = "revenue_cloud"
    ADDRESS_PICKLISTS = "address_picklists"


class Disposal(enum.Enum):
    """What happens when retention ends."""

    ERASE = "erase"
    ANONYMISE = "anonymise"
    REVIEW = "review"


class ObjectKind(enum.Enum):
    """What a record is in the contract trade."""

    HEADER = "header"
    COUNTERPARTY = "counterparty"
    PERSON = "person"
    PARTY = "party"
    LINE = "line"
    DOCUMENT = "document"
    AMENDMENT = "amendment"
    RENEWAL = "renewal"
    OBLIGATION = "obligation"
    APPROVAL = "approval"
    ENVELOPE = "envelope"
    NOTICE = "notice"
    OTHER = "other"


class OwnSide(enum.Enum):
    """How it is known which party of an agreement is us."""

    ROLE = "role"  # the CLM says so in the party's role
    NAMES = "names"  # the party's name is one of our legal names


class RollUp(enum.Enum):
    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


class Operator(enum.Enum):
    """How a condition compares a Salesforce field."""

    IS = "is"
    ONE_OF = "one_of"
    NOT_ONE_OF = "not_one_of"
    AT_LEAST = "at_least"
    OVER = "over"
    AT_MOST = "at_most"
    BELOW = "below"
    WITHIN_NEXT = "within_next"  # days
    IN_LAST = "in_last"  # days


class Hit(enum.Enum):
    """What several fitting rows of an approval matrix mean."""

    FIRST = "first"  # the first row from the top counts
    ONLY = "only"  # never happens: rows may not overlap
