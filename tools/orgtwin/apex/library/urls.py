"""System.Url, as java.net.URL takes an address apart. Source: "URL Class" (Apex Reference Guide)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from orgtwin.apex.faults import throw
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import Value
from orgtwin.records.global_variables import ORIGIN

_DEFAULT_PORTS = {"ftp": 21, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Url:
    """An address. As a text it is what public code takes apart: `Url:[delegate=https://...]`."""

    address: str

    def __str__(self) -> str:
        return f"Url:[delegate={self.address}]"

    @property
    def apex_type(self) -> Type:
        return declare("Url").type

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.address)


def _checked(address: str) -> Url:
    if not urlsplit(address).scheme:
        raise throw("StringException", f"no protocol: {address}")
    return Url(address)


def _relative(base: Url | None, address: str) -> Url:
    return _checked(address if base is None else urljoin(base.address, address))


def _of_parts(protocol: str, host: str, port: int | str, file: str | None = None) -> Url:
    """Of protocol, host and file, or with a port before the file."""
    place = host if file is None else f"{host}:{port}"
    return Url(f"{protocol}://{place}{port if file is None else file}")


def _own(*_: Value) -> Url:
    return Url(ORIGIN)


def _file_of(this: Url) -> str:
    parts = this.parts
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _user_of(this: Url) -> str | None:
    user, at, _ = this.parts.netloc.rpartition("@")
    return user if at else None


def _file_field(record: Value, name: str) -> str:
    return f"/servlet/servlet.FileDownload?file={to_text(record)}"


_PARTS: dict[str, Callable[[Url], Value]] = {
    "String getAuthority()": lambda this: this.parts.netloc,
    "Integer getDefaultPort()": lambda this: _DEFAULT_PORTS.get(this.parts.scheme, -1),
    "String getFile()": _file_of,
    "String getHost()": lambda this: this.parts.netloc.rpartition("@")[2].partition(":")[0],
    "String getPath()": lambda this: this.parts.path,
    "Integer getPort()": lambda this: this.parts.port or -1,
    "String getProtocol()": lambda this: this.parts.scheme,
    "String getQuery()": lambda this: this.parts.query or None,
    "String getRef()": lambda this: this.parts.fragment or None,
    "String getUserInfo()": _user_of,
}
system_class(
    "Url",
    {
        "static Url getOrgDomainUrl()": _own,
        "static Url getSalesforceBaseUrl()": _own,
        "static Url getCurrentRequestUrl()": _own,
        "static String getFileFieldURL(String,String)": _file_field,
        **_PARTS,
        "Boolean sameFile(Url)": lambda this, o: this.address.partition("#")[0] == o.address.partition("#")[0],
        "String toExternalForm()": lambda this: this.address,
        "String toString()": str,
    },
    constructors={
        "(String)": _checked,
        "(Url,String)": _relative,
        "(String,String,String)": _of_parts,
        "(String,String,Integer,String)": _of_parts,
    },
)
