"""Network, Site: where code runs that no Experience Cloud site or Salesforce Site serves, as in tests and triggers.

Source: "Network Class", "Site Class", "AuthConfiguration Class" (Apex Reference Guide): outside a site the getters are null. What
signs users in or makes them does nothing there, as the controllers show that Salesforce puts into orgs with sites and their tests:
`registerUser will always return null when the page isn't accessed as a guest user`. From those controllers too: aura.redirect, the
labels Label.Site.x (their texts are ASSUMED), and that a site that is not there allows passwords and no self-registration.
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex.classes import Method
from orgtwin.apex.faults import EXCEPTIONS, argument_null
from orgtwin.apex.library.pages import Page
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value


def _nothing(*_: Value) -> Value:
    return None


def _no(*_: Value) -> bool:
    return False


_TEXTS = (
    "AdminEmail AnalyticsTrackingCode BaseCustomUrl BaseInsecureUrl BaseRequestUrl BaseSecureUrl CurrentSiteUrl"
    " CustomWebAddress Domain ErrorDescription ErrorMessage ExperienceId MasterLabel Name OriginalUrl PathPrefix Prefix SiteType"
    " SiteTypeLabel"
)
system_class(
    "Network",
    {
        "static PageReference communitiesLanding()": lambda: Page(""),
        "static PageReference forwardToAuthPage(String)": _nothing,
        "static PageReference forwardToAuthPage(String,String)": _nothing,
        "static String getNetworkId()": _nothing,
        "static String getLoginUrl(String)": _nothing,
        "static String getLogoutUrl(String)": _nothing,
        "static String getSelfRegUrl(String)": _nothing,
    },
)
system_class(
    "Site",
    {
        **{f"static String get{name}()": _nothing for name in _TEXTS.split()},
        "static String getBaseUrl()": lambda: "",
        "static String getSiteId()": _nothing,
        "static Id getAdminId()": _nothing,
        "static Boolean isLoginEnabled()": _no,
        "static Boolean isPasswordExpired()": _no,
        "static Boolean isRegistrationEnabled()": _no,
        "static PageReference changePassword(String,String)": _nothing,
        "static PageReference changePassword(String,String,String)": _nothing,
        "static PageReference login(String,String,String)": _nothing,
        "static Boolean isValidUsername(String)": lambda name: name is not None and "@" in name,
        "static Boolean forgotPassword(String)": _no,
        "static Boolean forgotPassword(String,String)": _no,
        "static Id createExternalUser(SObject,String)": _nothing,
        "static Id createExternalUser(SObject,String,String)": _nothing,
        "static Id createExternalUser(SObject,String,String,Boolean)": _nothing,
        "static Id createPersonAccountPortalUser(SObject,String,String)": _nothing,
        "static Id createPersonAccountPortalUser(SObject,String,String,String)": _nothing,
        "static Id createPortalUser(SObject,String)": _nothing,
        "static Id createPortalUser(SObject,String,String)": _nothing,
        "static Id createPortalUser(SObject,String,String,Boolean)": _nothing,
        "static void setExperienceId(String)": _nothing,
        "static void validatePassword(SObject,String,String)": _nothing,
    },
)

_REFUSED_USER = EXCEPTIONS["site.externalusercreateexception"]
_REFUSED_USER.methods["getdisplaymessages"] = [
    Method(
        _REFUSED_USER,
        "getDisplayMessages",
        (),
        type_of("List<String>"),
        lambda this: ApexList(type_of("List<String>")),
    )
]


def _redirect(page: Page | None) -> None:
    if page is None:
        raise argument_null("1")


system_class("aura", {"static void redirect(PageReference)": _redirect})


@dataclass(slots=True)
class AuthConfiguration:
    """How users sign in to a site. `site` is its address or network."""

    site: str | None
    start_url: str | None

    @property
    def apex_type(self) -> Type:
        return declare("AuthConfiguration", namespace="Auth").type


_FLAGS = "AllowInternalUserLoginEnabled SelfRegistrationEnabled"
_ADDRESSES = (
    "BackgroundColor DefaultProfileForRegistration FooterText ForgotPasswordUrl LoginRightFrameUrl LogoUrl"
    " SelfRegistrationUrl"
)
system_class(
    "AuthConfiguration",
    {
        **{f"Boolean get{name}()": _no for name in _FLAGS.split()},
        **{f"String get{name}()": _nothing for name in _ADDRESSES.split()},
        "Boolean getCertificateLoginEnabled(String)": lambda this, domain: False,
        "static String getCertificateLoginUrl(String,String)": lambda domain, start: None,
        "Boolean getUsernamePasswordEnabled()": lambda this: True,
        "Boolean isCommunityUsingSiteAsContainer()": _no,
        "String getStartUrl()": lambda this: this.start_url,
    },
    namespace="Auth",
    constructors={"(String,String)": AuthConfiguration, "(Id,String)": AuthConfiguration},
)

SITE_LABELS = {
    "email_is_required": "Email is required.",
    "invalid_email": "Enter a valid email address.",
    "lastname_is_required": "Last name is required.",
    "passwords_dont_match": "Passwords do not match.",
}
"""Label.Site.x."""
