"""Every compile error the checker tells, in one table.

Source of every text: the message file that Salesforce's own Apex compiler ships with (messages_en_US.properties, also in its public
Apex language server). Texts about SOQL are those of the org's query engine, as MALFORMED_QUERY, INVALID_FIELD and INVALID_TYPE
answers of the REST API have them. A text without a source is marked ASSUMED at its row.
"""

from __future__ import annotations

# Types
INVALID_TYPE = "Invalid type: {}"
TYPE_ARGUMENT_COUNT = "Invalid type argument count for {}: expected {} but found {}"
NO_TYPE_ARGUMENTS = "No type arguments provided for a parameterized type: {}"
NOT_PARAMETERIZED = "Type arguments provided for a non-parameterized type: {}"
TYPE_NOT_VISIBLE = "Type is not visible: {}"
TYPE_NAME_IN_USE = "Type name already in use: {}"
VOID_VARIABLE = "Variables cannot be of type void"
VOID_PROPERTY = "Properties cannot be of type void"
VOID_PARAMETER = "Parameters cannot be of type void"
INNER_IN_INNER = "Inner types are not allowed to have inner types"
STATIC_BLOCK_IN_INNER = "Inner types are not allowed to have static blocks"

# Inheritance
CIRCULAR = "Circular definition: {}"
INVALID_CLASS = "Invalid class: {}"
INVALID_INTERFACE = "Invalid interface: {}"
INTERFACE_TWICE = "Interface already implemented: {}"
GENERIC_INTERFACE_TWICE = "Generic Interface already implemented: {}"
TOP_LEVEL_ONLY = "Only top-level classes can implement {}"
NOT_EXTENDABLE = "Non-virtual and non-abstract type cannot be extended: {}"
EXCEPTION_NAME = "Classes extending Exception must have a name ending in Exception: {}"
EXCEPTION_SUPERCLASS = "Exception class must extend another Exception class: {}"
EXCEPTION_CONSTRUCTOR = "System exception constructor already defined: {}"
MUST_OVERRIDE = "Method must use the override keyword: {}"
DOES_NOT_OVERRIDE = "@Override specified for non-overriding method: {}"
NOT_OVERRIDABLE = "Non-virtual, non-abstract methods cannot be overridden: {}"
REDUCED_VISIBILITY = "Cannot reduce the visibility of method: {}"
OVERRIDES_STATIC = "Cannot override static method: {} with {}"
RETURN_TYPES_CLASH = "Method return types clash: {} vs {} from the type {}"
ABSTRACT_MISSING = "Class {} must implement the abstract method: {}"
INTERFACE_MISSING = "Class {} must implement the method: {}"
IMPLEMENTATION_HIDDEN = (
    "{}: Overriding implementations of global or public interface methods must be global or public: {}"
)

# Modifiers and names
TOP_LEVEL_SCOPE = "Top-level type must have public or global visibility"
ONE_SCOPE = "Declarations can only have one scope"
DUPLICATE_MODIFIER = "Duplicate modifier: {}"
NOT_ALLOWED = "{} is not allowed on {}"
NOT_ALLOWED_IN = "{} is not allowed in {}"
NOT_IN_ORG = "Annotation is not valid in your org: {}"
INTERNAL = "{} annotation can only be used by Salesforce code"
MIN_VERSION = "{} {} must be in version {} or higher"
BY_DEFAULT = "{} are by default {}"
CANNOT_BE = "{} {} cannot be {}"
REQUIRES = "{} {} must be declared as {}"
REQUIRES_ONE_OF = "{} {} require at least one of the following {}"
DEFINING_TYPE = "Defining type for {} {} must be declared as {}"
DEFINING_TYPE_ONE_OF = "Defining type for {} {} require at least one of the following {}"
ENCLOSING_TYPE = "Enclosing type for {} {} in apex {} must be declared as {}"
ENCLOSING_TYPE_ONE_OF = "Enclosing type for {} {} in apex {} require at least one of the following {}"
TOP_LEVEL_MEMBER = "{} can only be used on {} of a top level type"
TOP_LEVEL_TYPE = "{} can only be used on a top level type"
PROTECTED_IN_FINAL = "New protected methods cannot be defined in non-virtual classes"
GLOBAL_DEFINES_GLOBAL = "global defined types requires that {} {} must be declared as global"
ABSTRACT_BODY = "Abstract methods cannot have a body"
BODY_MISSING = "Method must have a body"
ACCESSOR_SCOPE = "Cannot declare {} accessor on {} property"
INVALID_CHARACTER = "Invalid character in identifier: {}"
RESERVED_NAME = "Identifier name is reserved: {}"
RESERVED_TYPE = "Identifier type is reserved: {}"
NAME_TOO_LONG = "Identifier name is too long: {}"
TOO_MANY_PARAMETERS = "Invalid number of parameters exceeds: {}"
TOO_MANY_CONSTANTS = "Maximum number of enum items exceeded: {}"
TYPE_TOO_DEEP = "Exceeded max parameterized type depth: {}, depth: {}"

# Annotations
UNKNOWN_ANNOTATION = "Annotation does not exist: {}"
UNKNOWN_PROPERTY = "No such property, {}, defined on this annotation: {}"
PROPERTY_VALUE = "Annotation property, {} on {}, unknown value: {}"
PROPERTY_TYPE = "Invalid value for property {} expected type {}"
PROPERTY_MIN_VERSION = "Annotation property, {} on {}, must be in version {} or higher"
PROPERTY_MAX_VERSION = "Annotation property, {} on {}, must be in version {} or lower"
PROPERTY_SIBLINGS = "Invalid combination of values for properties {} and {} on {}"
PROPERTY_EMPTY = "Specify a value for the {} annotation property"
PROPERTY_MISMATCH = (
    "The data type of the value for the {0} annotation property doesn't match the data type of the '{1}' variable."
    " Specify a value with a data type of {2}"
)
PROPERTY_UNSUPPORTED = "The {} annotation property doesn't support the {} data type"
PROPERTY_FORMAT = (
    "Annotation property, the format of {0} on {1} is invalid, please check if the {0} has the correct formats "
)
PROPERTY_TWICE = "Annotation property {} does not support multiple {} parameters"
TEST_FOR_PREFIX = (
    "Invalid prefix for property testFor. Specify {} in the format 'prefix:name, ...' where prefix is ApexClass: OR"
    " ApexTrigger:. Use commas to separate multiple type names in the same format."
)
TEST_FOR_EMPTY = "Invalid value for property testFor, expected Apex {} name is missing or empty"
TEST_FOR_UNKNOWN = "Invalid value for property testFor expected Apex {} {} not found"
READ_ONLY_KIND = (
    "Only WebService, RemoteAction or Schedulable.execute(SchedulableContext) methods can be marked ReadOnly"
)
DEPRECATED_IMPLEMENTATION = "Cannot deprecate an interface implementation method: {}"
PROPERTY_PLACE = "Annotation property, {} on {}, is not allowed on {}"
PROPERTY_MISSING = "Required property is missing: {}"
ONE_PER_TYPE = "Only one method per type can be defined with: {}"
RETURN_UNSUPPORTED = "{} methods do not support return type of {}"
PARAMETER_UNSUPPORTED = "{} methods do not support parameter type of {}"
PARAMETERS_UNSUPPORTED = "{} methods do not support parameters"
FIELD_UNSUPPORTED = "{} {} do not support type of {}"
TEST_PARAMETERS = "Test methods must have no arguments"
TEAR_DOWN_PARAMETERS = "TearDown methods must have no arguments"
TEST_CLASS_KIND = "Only top-level non-exception class types can be marked as tests"
SETUP_RETURN = "Test setup method must return void"
SETUP_SEES_DATA = "Test class cannot be annotated with @isTest(SeeAllData=true)"
SETUP_METHOD_SEES_DATA = (
    "Test class containing a test setup method cannot have any methods annotated with @isTest(SeeAllData=true)"
)
PARALLEL_METHOD_SEES_DATA = (
    "Test class annotated with @isTest(IsParallel=true) cannot have any methods annotated with @isTest(SeeAllData=true)"
)
WEB_SERVICE_OVERLOAD = "Web Service does not support two web service methods with the same name: {}"
REMOTE_OVERLOAD = (
    "Remote Action does not support two remote action methods with the same name and same number of parameters"
)
PARALLEL_SEES_DATA = (
    "Test class annotated with @isTest(IsParallel=true) cannot also be annotated with @isTest(SeeAllData=true)"
)
AURA_PREFIX = "Non static AuraEnabled methods must be named with a prefix 'get'"
AURA_PARAMETERS = "Non static AuraEnabled methods may not have parameters"
AURA_OVERLOAD = "Overload of AuraEnabled method: {} overload is not permitted"
AURA_FIELD_AND_METHOD = "AuraEnabled method and variable cannot have the same name: {}"
INVOCABLE_PARAMETER = (
    "Unsupported parameter type {}. Valid invocable parameters must be List types like List<T>"
    " where T is a supported type"
)
INVOCABLE_PARAMETERS = "Only one parameter is supported on methods with @Invocable annotation"
INVOCABLE_ALONE = "The only annotation that can be used with InvocableMethod is Deprecated"
JSON_ACCESS_EMPTY = "At least one JSON serialization control parameter must be specified"
URL_EMPTY = "Rest Resource url cannot be empty"
URL_TOO_LONG = "Rest Resource url cannot be longer than 255 characters"
URL_SLASH = "Rest Resource url must begin with a forward slash, '/'"
URL_WILDCARD_BEFORE = "Rest Resource url wildcard, '*', must be preceded by a forward slash, '/'"
URL_WILDCARD_AFTER = (
    "Rest Resource url wildcard, '*', must be followed by a forward slash, '/', or be the last character"
)

# Variables, fields, methods
DUPLICATE_VARIABLE = "Duplicate variable: {}"
DUPLICATE_FIELD = "Duplicate field: {}"
NO_VARIABLE = "Variable does not exist: {}"
STATIC_FIELD_OF_OBJECT = "Static field cannot be referenced from a non static context: {} from the type {}"
FIELD_IN_STATIC = "Non static field cannot be referenced from a static context: {} from the type {}"
STATIC_METHOD_OF_OBJECT = "Static method cannot be referenced from a non static context: {}"
METHOD_IN_STATIC = "Non static method cannot be referenced from a static context: {}"
FORWARD_REFERENCE = "Illegal forward reference: {}"
NO_FOREIGN_KEY = "A non foreign key field cannot be referenced in a path expression: {}"
FINAL_ASSIGNED = "Final members can only be assigned in their declaration, init blocks, or constructors: {}"
VARIABLE_HIDDEN = "Variable is not visible: {}"
METHOD_HIDDEN = "Method is not visible: {}"
METHOD_DEFINED = "Method already defined: {} {} from the type {}"
NO_METHOD = "Method does not exist or incorrect signature: void {}({}) from the type {}"
PUT_ALL = "Invalid putAll type {} found for {}"
ALL_CALL = "Illegal all method call for argument type, {}, for collection: {}"
NOT_OF_RECORDS = "Operation only applies to SObject list types: {}"
NOT_OF_RECORD_VALUES = "Operation only applies to SObject value map types: {}"
RECALCULATE_RETIRED = (
    "SObject.recalculateFormulas() is deprecated as of API version 57.0. Use Formula.recalculateFormulas() instead"
)
AMBIGUOUS = "Ambiguous method signature: void {}({})"
ABSTRACT_CALL = "Abstract method cannot be called directly: {}"
CONSTRUCTOR_NAME = "Invalid constructor name: {}"
NO_CONSTRUCTOR = "Constructor not defined: [{}].<Constructor>({})"
NO_CHAINED_CONSTRUCTOR = "No constructor defined: void <init>({})"
NO_DEFAULT_CONSTRUCTOR = "No default constructor available in super type: {}"
NO_SUPER_TYPE = "No super type defined: {}"
CHAIN_NOT_FIRST = "Call to '{}()' must be the first statement in a constructor method"
CHAIN_SEES_FIELD = "Cannot reference instance variables in a constructor invocation: {}"
CHAIN_CALLS_METHOD = "Cannot reference instance methods in a constructor invocation: {}"
STATIC_THIS = "This cannot be referenced in a static context"
STATIC_SUPER = "Super cannot be referenced in a static context"
ADD_ERROR_SAFE = "Safe navigation operator is not allowed between SObject field and addError"
ADD_ERROR_SCALAR = "addError must be invoked on an SObject scalar field"
ADD_ERROR_FIELD = "addError must be invoked on an expression that is an exact SObject field reference"

# Expressions
CONDITION = "Condition expression must be of type Boolean: {}"
ILLEGAL_ASSIGNMENT = "Illegal assignment from {} to {}"
ILLEGAL_CONVERSION = "Illegal conversion from {} to {}"
NOT_ASSIGNABLE = "Expression cannot be assigned"
NOT_A_STATEMENT = "Expression cannot be a statement."
COMPARISON = "Comparison arguments must be compatible types: {}, {}"
INEQUALITY = "Inequality operator not allowed for this type: {}"
EXACT_EQUALITY = "Exact equality operator only allowed for reference types: {}"
LOGICAL = "Logical operator can only be applied to Boolean"
NEGATION = "! operator can only be applied to boolean expressions"
ARITHMETIC = "Arithmetic expressions must use numeric arguments"
VOID_ARITHMETIC = "Arithmetic expressions are not allowed on void types"
DATE_OPERAND = "Date expressions must use Integer or Long"
TIME_OPERAND = "Time expressions must use Integer or Long"
DATETIME_OPERAND = "Date/time expressions must use Integer or Double or Decimal"
SHIFT = "{} operation can only be applied to Integer or Long types"
BITWISE = "{} operator can only be applied to Boolean expressions or to Integer or Long expressions"
MINUS = "Unary negation must use a numeric argument"
COMPLEMENT = "Invalid type for bitwise negate: {}"
PREFIX_INCREMENT = "Unary prefix increment can only be applied to numeric expressions: {}"
PREFIX_DECREMENT = "Unary prefix decrement can only be applied to numeric expressions: {}"
POSTFIX = "Unary postfix increment/decrement can only be applied to numeric expressions: {}"
CAST = "Incompatible types since an instance of {} is never an instance of {}"
TERNARY = "Incompatible types in ternary operator: {}, {}"
COALESCE = "Incompatible types in null coalescing operator: {}, {}"
INSTANCEOF_TRUE = "Operation instanceof is always true since an instance of {} is always an instance of {}"
INSTANCEOF_FALSE = "Operation instanceof is always false since an instance of {} is never an instance of {}"
LIST_TYPE = "Expression must be a list type: {}"
LIST_INDEX = "List index must be of type Integer: {}"
SOBJECT_NOT_CONSTRUCTIBLE = "SObject is not constructable: {}"
NOT_CONSTRUCTIBLE = "Type cannot be constructed: {}"
ABSTRACT_CONSTRUCTED = "Abstract classes cannot be constructed: {}"
PAIRS_FOR_SOBJECTS = "Invalid constructor syntax, name=value pairs can only be used for SObjects: {}"
PAIRS_NEEDED = "Type requires name=value pair construction: {}"
NO_FIELD = "Field does not exist: {} on {}"
NOT_WRITEABLE = "Field is not writeable: {}"
DUPLICATE_FIELD_INIT = "Duplicate field initialization: {}"
INITIAL_ITEM = "Initial expression is of incorrect type, expected: {} but was: {}"
INITIAL_KEY = "Invalid key type {} for {}"
INITIAL_VALUE = "Invalid value type {} for {}"
LIST_INITIALISER = "Invalid initializer type {} found for List<{}>: expected an Integer or a List of type {}"
SET_INITIALISER = "Invalid initializer type {} found for Set<{}>: expected a List or a Set of type: {}"
MAP_INITIALISER = (
    "Invalid initializer type {} found for Map<{},{}>: expected a Map with the same key and value types,"
    " or a valid SObject List"
)

# Statements
UNREACHABLE = "Unreachable statement"
MISSING_RETURN = "Missing return statement required return type: {}"
VOID_RETURN = "Void method must not return a value"
RETURN_OUTSIDE = "Return must be called from a method"
CONSTRUCTOR_RETURN = "Constructors must not return a value"
TRIGGER_RETURN = "Trigger bodies must not return a value"
BREAK = "Break statement must be in loop"
CONTINUE = "Continue statement must be in loop"
THROW = "Throw expression must be of type exception: {}"
CATCH = "Catch block variable must be of type exception: {}"
CATCH_TWICE = "Exception type already caught: {}"
TRY_ALONE = "Try block must have at least one catch block or a finally block"
LOOP_COLLECTION = "Loop must iterate over collection: {}"
LOOP_VARIABLE = "Invalid loop variable type expected {} was {}"
LOOP_ROW = "Loop variable must be a generic SObject or List or a concrete SObject or List of: {}"
RUN_AS = "runAs requires a single argument of type 'User' or 'Version'"
SWITCH_TYPE = "{} is not a valid switch expression type"
SWITCH_EMPTY = "Switch statement requires at least one when block"
ELSE_NOT_LAST = "'when else' must be the last when block"
WHEN_SOBJECT = "Switching on SObject types must be a 'when type variable' or 'when null'"
WHEN_VALUE = "{} value in when expression cannot be implicitly converted to the {} type in switch expression"
WHEN_TWICE = "{} occurs as more than one when branch for this switch statement"
WHEN_LITERAL = (
    "When clause must be a literal or a non null constant literal: {0}"  # as the compiler tells it, braces and all
)
WHEN_VARIABLE = "{} cannot be a when type variable block"
WHEN_ALWAYS = "{} in the when expression is already matching the switch expression type"
WHEN_QUALIFIED = "Enum value used in 'when expression' should be unqualified"
WHEN_ENUM = "Field must be an enum reference"
DML_TYPE = "DML requires SObject or SObject list type: {}"
DML_NOT_ALLOWED = "DML operation {} not allowed on {}"
UPSERT_CONCRETE = "Upsert with a field specification requires a concrete SObject type"
UPSERT_FIELD = "Invalid field for upsert, must be an External Id custom or standard indexed field: {}"
MERGE_CONCRETE = "Merge requires a concrete SObject type: {}"
MERGE_UNSUPPORTED = "Specified type {} cannot be merged"
MERGE_DUPLICATES = "Invalid type for duplicate records"

# Triggers
TRIGGER_UNDELETE = "Trigger Usage Before Undelete is not supported"
TRIGGER_EVENT_TWICE = "Duplicate Trigger Usage: {}"
TRIGGER_UNSUPPORTED = "SObject type does not allow triggers: {}"
TRIGGER_PLATFORM_EVENT = "Platform Event SObjects only supports after insert: {}"

# SOQL (see above for the sources)
ROW_LOCK = "Cannot lock rows for an SObject type that can not be updated: {}"
BIND_TYPE = "Invalid bind expression type of {} for column of type {}"
LOCK_AND = "{} is not allowed in a query with FOR UPDATE"  # ASSUMED: the text; the rule is that of "Locking Statements"
NO_SOBJECT = "sObject type '{}' is not supported."
NO_COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' after the"
    " custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
NO_PARENT = (
    "Didn't understand relationship '{}' in field path. If you are attempting to use a custom relationship, be sure to append"
    " the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
)
NO_CHILD = (
    "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use a custom relationship, be"
    " sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the"
    " appropriate names."
)

# Deploys. Source of the text: forcedotcom/salesforcedx-vscode issues 3575 and 5637.
FILE_NAME = "File name mismatch with class name: {}"
