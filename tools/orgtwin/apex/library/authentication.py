"""Auth: what plug-ins and handlers of a login are given and give back, and the claims of a JSON web token.

Source: the class pages of the Auth namespace (Apex Reference Guide). Nothing here logs anybody in; a signature needs the private
key of a certificate of the org, which the twin has not, and is refused by name. ASSUMED: the order of a token's claims, that one is
valid for five minutes unless it says otherwise, and that its time of issue is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.library.json import serialize
from orgtwin.apex.library.properties import Properties, accessors, add_property
from orgtwin.apex.library.signatures import Refusing, declare, system_class, system_interface, type_of
from orgtwin.apex.values import ApexMap, Value

_SPACE = "Auth"
_MAP = "Map<String,String>"
_USER = (
    (
        "identifier",
        "firstName",
        "lastName",
        "fullName",
        "email",
        "link",
        "username",
        "locale",
        "provider",
        "siteLoginUrl",
    ),
    {"attributeMap": _MAP, "idToken": "String", "userInfoJSONString": "String", "idTokenJSONString": "String"},
)
_VALUES: Mapping[str, tuple[Mapping[str, str], tuple[int, ...]]] = {
    "UserData": ({**dict.fromkeys(_USER[0], "String"), **_USER[1]}, (11, 13)),
    "AuthProviderCallbackState": ({"headers": _MAP, "body": "String", "queryParameters": _MAP}, (3,)),
    "AuthProviderTokenResponse": (
        dict.fromkeys(("provider", "oauthToken", "oauthSecretOrRefreshToken", "state", "idToken"), "String"),
        (4,),
    ),
    "OAuthRefreshResult": (dict.fromkeys(("accessToken", "refreshToken", "error"), "String"), (2, 3)),
}
"""Fields of each class, and how many of the first of them its constructors take."""


def _maker(name: str, fields: tuple[str, ...]) -> Callable[..., Properties]:
    type_ = declare(name, namespace=_SPACE).type

    def make(*values: Value) -> Properties:
        made = Properties(type_)
        made.values.update(zip((field.lower() for field in fields), values, strict=False))
        return made

    return make


for _name, (_fields, _counts) in _VALUES.items():
    _make = _maker(_name, tuple(_fields))
    _cls = system_class(
        _name,
        {},
        namespace=_SPACE,
        constructors={f"({','.join(list(_fields.values())[:count])})": _make for count in _counts},
    )
    for _field, _type in _fields.items():
        add_property(_cls, _field, type_of(_type))

# Interfaces and what plug-ins extend; what createUser gives is a User, whose type no library can name

system_interface(
    "AuthProviderPlugin",
    "String getCustomMetadataType()",
    f"PageReference initiate({_MAP},String)",
    f"Auth.AuthProviderTokenResponse handleCallback({_MAP},Auth.AuthProviderCallbackState)",
    f"Auth.UserData getUserInfo({_MAP},Auth.AuthProviderTokenResponse)",
    namespace=_SPACE,
)
system_interface(
    "RegistrationHandler",
    "SObject createUser(Id,Auth.UserData)",
    "void updateUser(Id,Id,Auth.UserData)",
    namespace=_SPACE,
)
system_interface("ConfirmUserRegistrationHandler", "Id confirmUser(Id,Id,Id,Auth.UserData)", namespace=_SPACE)
system_interface(
    "SamlJitHandler",
    f"SObject createUser(Id,Id,Id,String,{_MAP},String)",
    f"void updateUser(Id,Id,Id,Id,String,{_MAP},String)",
    namespace=_SPACE,
)


_refresh = Refusing("Auth.AuthProviderPluginClass.refresh")
"""A plug-in that does not override it cannot refresh; what an org answers is not documented."""


_PLUGIN_CLASS = system_class(
    "AuthProviderPluginClass",
    {f"Auth.OAuthRefreshResult refresh({_MAP},String)": _refresh},
    namespace=_SPACE,
    constructors={"()": lambda made=None: made},
)
_PLUGIN_CLASS.abstract = True
_PLUGIN_CLASS.interfaces = [declare("AuthProviderPlugin", namespace=_SPACE).type]

# Tokens

_STANDARD = frozenset(("aud", "exp", "iat", "iss", "jti", "nbf", "sub"))
_VALID_SECONDS = 300


def _claims(this: Properties) -> str:
    now = int(context.engine().now().timestamp())
    skew = this.values.get("nbfclockskew")
    claims = {key: this.values[key] for key in ("sub", "aud", "iss") if this.values.get(key) is not None}
    if skew is not None:
        claims["nbf"] = now - skew
    claims["exp"] = now + (this.values.get("validitylength") or _VALID_SECONDS)
    more = this.values.get("additionalclaims")
    return serialize(
        ApexMap(type_of("Map<String,Object>"), {**claims, **(more.items if isinstance(more, ApexMap) else {})})
    )


def _set_more(this: Properties, claims: ApexMap | None) -> None:
    """ASSUMED text: "Additional claims must not include standard claims" (JWT Class)."""
    standard = sorted(_STANDARD & set(claims.items)) if claims is not None else []
    if standard:
        raise throw(
            "IllegalArgumentException", f"Additional claims cannot include standard claims: {', '.join(standard)}"
        )
    this.values["additionalclaims"] = claims


def _copy(this: Properties) -> Properties:
    made = Properties(this.apex_type)
    made.values.update(this.values)
    return made


_TOKEN = {
    "Aud": "String",
    "Iss": "String",
    "NbfClockSkew": "Integer",
    "Sub": "String",
    "ValidityLength": "Integer",
    "AdditionalClaims": "Map<String,Object>",
}


system_class(
    "JWT",
    {
        **accessors(_TOKEN),
        "void setAdditionalClaims(Map<String,Object>)": _set_more,
        "Object clone()": _copy,
        "String toJSONString()": _claims,
    },
    namespace=_SPACE,
    constructors={"()": lambda: Properties(declare("JWT", namespace=_SPACE).type)},
)


def _signer(*values: Value) -> Properties:
    made = Properties(declare("JWS", namespace=_SPACE).type)
    made.values["signed"], made.values["certificate"] = values
    return made


_refuse_signing = Refusing("Auth.JWS.getCompactSerialization", "a signature with a certificate of the org")
"""The private key of a certificate never comes with a deploy, so that the twin has none to sign with."""


system_class(
    "JWS",
    {"String getCompactSerialization()": _refuse_signing},
    namespace=_SPACE,
    constructors={"(Auth.JWT,String)": _signer, "(String,String)": _signer},
)
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _exchange(endpoint: str, signer: Properties) -> Properties:
    made = Properties(declare("JWTBearerTokenExchange", namespace=_SPACE).type)
    made.values.update(tokenendpoint=endpoint, jws=signer, granttype=_BEARER)
    return made


system_class(
    "JWTBearerTokenExchange",
    {
        **accessors({"GrantType": "String", "JWS": "Auth.JWS", "TokenEndpoint": "String"}),
        "String getAccessToken()": _refuse_signing,
    },
    namespace=_SPACE,
    constructors={"(String,Auth.JWS)": _exchange},
)
