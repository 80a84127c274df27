"""Blob, EncodingUtil, Crypto. Sources: the class pages of the Apex Reference Guide."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import hmac
import re
import secrets
import string
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as asymmetric_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.heap import BULK
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.pdf_files import pdf_of
from orgtwin.apex.library.signatures import Refusing, system_class
from orgtwin.apex.values import Long, Value, whole_characters, wrap32, wrap64

_DIGESTS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha512": "sha512",
    "sha-512": "sha512",
    "sha3-256": "sha3_256",
    "sha3-384": "sha3_384",
    "sha3-512": "sha3_512",
}
_MACS = {"hmacmd5": "md5", "hmacsha1": "sha1", "hmacsha256": "sha256", "hmacsha512": "sha512"}
_PDF_TIMES = 16
_KEY_BYTES = {"aes128": 16, "aes192": 24, "aes256": 32}


def _present(value: Value, name: str = "1") -> Value:
    if value is None:
        raise argument_null(name)
    return value


def _blob_text(value: bytes) -> str:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError as error:
        raise throw("StringException", "BLOB is not a valid UTF-8 string") from error


def _to_pdf(text: str | None) -> bytes:
    """The text of the document only (pdf_files). ASSUMED: that null is refused, as by valueOf."""
    given = whole_characters(_present(text))
    engine = context.engine()
    engine.spend(len(given) * _PDF_TIMES >> BULK)
    made = pdf_of(given)
    engine.note_allocation(len(made))
    return made


system_class(
    "Blob",
    {
        "static Blob valueOf(String)": lambda text: _present(text).encode("utf-8", "surrogatepass"),
        "static Blob toPdf(String)": _to_pdf,
        "Integer size()": len,
        "String toString()": _blob_text,
    },
)


def _decode(text: str | None) -> bytes:
    try:
        letters = "".join(_present(text).split()).rstrip("=")
        whole = letters[: len(letters) - (len(letters) % 4 == 1)]  # what is left of a last group of four is passed over
        return base64.b64decode(whole + "=" * (-len(whole) % 4), validate=False)
    except (binascii.Error, ValueError) as error:
        raise throw("StringException", "Unrecognized base64 character") from error


def _from_hex(text: str | None) -> bytes:
    try:
        return bytes.fromhex(_present(text))
    except ValueError as error:
        raise throw("StringException", f"Invalid hex string: {text}") from error


def _charset(name: str | None) -> str:
    known = str(_present(name, "encodingScheme")).lower()
    try:
        codecs.lookup(known)
    except LookupError as error:
        raise throw("InvalidParameterValueException", f"Unsupported encoding: {name}") from error
    return known


def _url_encode(text: str | None, name: str | None) -> str:
    """As java.net.URLEncoder: what the encoding does not have is a question mark; UTF-16 has its mark before each run."""
    charset = _charset(name)
    encode = _utf_16 if codecs.lookup(charset).name == "utf-16" else lambda run: run.encode(charset, "replace")
    shown = _NOT_SAFE.sub(lambda run: "%" + encode(run[0]).hex("%").upper(), whole_characters(_present(text)))
    return shown.replace(" ", "+")


def _utf_16(text: str) -> bytes:
    return codecs.BOM_UTF16_BE + text.encode("utf-16-be")


_NOT_SAFE = re.compile(r"[^A-Za-z0-9.*_ -]+")


def _url_decode(text: str | None, name: str | None) -> str:
    """As java.net.URLDecoder, of which the texts are; ASSUMED: the exception has the name that Java's has."""
    torn = _TORN_ESCAPE.search(_present(text))
    if torn is not None:
        raise throw("IllegalArgumentException", f"URLDecoder: {_what_is_torn(torn[1])}")
    return urllib.parse.unquote_plus(_present(text), encoding=_charset(name))


_TORN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})(..)?", re.DOTALL)


def _what_is_torn(digits: str | None) -> str:
    if digits is None:
        return "Incomplete trailing escape (%) pattern"
    at = int(digits[0] in string.hexdigits)
    return f'Illegal hex characters in escape (%) pattern - Error at index {at} in: "{digits}"'


system_class(
    "EncodingUtil",
    {
        "static String base64Encode(Blob)": lambda value: base64.b64encode(_present(value)).decode("ascii"),
        "static Blob base64Decode(String)": _decode,
        "static String convertToHex(Blob)": lambda value: _present(value).hex(),
        "static Blob convertFromHex(String)": _from_hex,
        "static String urlEncode(String,String)": _url_encode,
        "static String urlDecode(String,String)": _url_decode,
    },
)


def _digest(algorithm: str | None, data: bytes | None) -> bytes:
    name = _DIGESTS.get(_present(algorithm).lower())
    if name is None:
        raise throw("NoSuchElementException", f"Invalid algorithm: {algorithm}")
    context.spend(len(_present(data)) >> BULK)
    return hashlib.new(name, _present(data), usedforsecurity=False).digest()


def _mac(algorithm: str | None, data: bytes | None, key: bytes | None) -> bytes:
    name = _MACS.get(_present(algorithm).lower())
    if name is None:
        raise throw("InvalidParameterValueException", f"Invalid algorithm: {algorithm}")
    context.spend(len(_present(data)) >> BULK)
    return hmac.new(_present(key), _present(data), name).digest()


def _verify_mac(algorithm: str, data: bytes, key: bytes, expected: bytes) -> bool:
    return hmac.compare_digest(_mac(algorithm, data, key), expected)


def _cipher(algorithm: str, key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    wanted = _KEY_BYTES.get(algorithm.lower())
    if wanted is None:
        raise throw("NoSuchElementException", f"Invalid algorithm: {algorithm}")
    if len(key) != wanted:
        raise throw("InvalidParameterValueException", f"Invalid private key. Must be size {wanted} bytes.")
    return Cipher(algorithms.AES(key), modes.CBC(iv))


def _encrypt(algorithm: str, key: bytes, iv: bytes, data: bytes) -> bytes:
    padder = padding.PKCS7(128).padder()
    encryptor = _cipher(algorithm, key, iv).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def _decrypt(algorithm: str, key: bytes, iv: bytes, data: bytes) -> bytes:
    decryptor = _cipher(algorithm, key, iv).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        padded = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise throw("SecurityException", "Given final block not properly padded") from error


def _encrypt_managed(algorithm: str, key: bytes, data: bytes) -> bytes:
    iv = secrets.token_bytes(16)
    return iv + _encrypt(algorithm, key, iv, data)


def _decrypt_managed(algorithm: str, key: bytes, data: bytes) -> bytes:
    return _decrypt(algorithm, key, data[:16], data[16:])


def _generate_key(size: int) -> bytes:
    if _present(size) not in (128, 192, 256):
        raise throw("InvalidParameterValueException", f"Invalid key size: {size}")
    return secrets.token_bytes(size // 8)


_SIGNATURES: dict[str, hashes.HashAlgorithm] = {
    "rsa": hashes.SHA1(),  # noqa: S303  (the platform's own name for SHA-1 signatures)
    "rsa-sha1": hashes.SHA1(),  # noqa: S303
    "rsa-sha256": hashes.SHA256(),
    "rsa-sha384": hashes.SHA384(),
    "rsa-sha512": hashes.SHA512(),
    "ecdsa-sha256": hashes.SHA256(),
    "ecdsa-sha384": hashes.SHA384(),
    "ecdsa-sha512": hashes.SHA512(),
}


def _signature(algorithm: str | None) -> hashes.HashAlgorithm:
    found = _SIGNATURES.get(_present(algorithm).lower())
    if found is None:
        raise throw("InvalidParameterValueException", f"Invalid algorithm: {algorithm}")
    return found


def _sign(algorithm: str, data: bytes, key: bytes) -> bytes:
    """`key` is PKCS8 in DER. Source: "Crypto Class", sign."""
    digest = _signature(algorithm)
    try:
        private = load_der_private_key(_present(key), None)
    except ValueError as error:
        raise throw("InvalidParameterValueException", f"Invalid private key: {error}") from error
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(_present(data), asymmetric_padding.PKCS1v15(), digest)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(_present(data), ec.ECDSA(digest))
    raise throw("InvalidParameterValueException", "Invalid private key: neither RSA nor EC")


def _verify(algorithm: str, data: bytes, signature: bytes, key: bytes) -> bool:
    """`key` is X.509 SubjectPublicKeyInfo in DER."""
    digest = _signature(algorithm)
    try:
        public = load_der_public_key(_present(key))
    except ValueError as error:
        raise throw("InvalidParameterValueException", f"Invalid public key: {error}") from error
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(_present(signature), _present(data), asymmetric_padding.PKCS1v15(), digest)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(_present(signature), _present(data), ec.ECDSA(digest))
        else:
            raise throw("InvalidParameterValueException", "Invalid public key: neither RSA nor EC")
    except InvalidSignature:
        return False
    return True


def _without_certificate(name: str) -> Refusing:
    """A certificate's private key never comes with a deploy, so that the twin has none to sign with."""
    return Refusing(f"Crypto.{name}", "with a certificate of the org")


system_class(
    "Crypto",
    {
        "static Blob generateDigest(String,Blob)": _digest,
        "static Blob generateMac(String,Blob,Blob)": _mac,
        "static Boolean verifyHMac(String,Blob,Blob,Blob)": _verify_mac,
        "static Blob generateAesKey(Integer)": _generate_key,
        "static Blob encrypt(String,Blob,Blob,Blob)": _encrypt,
        "static Blob decrypt(String,Blob,Blob,Blob)": _decrypt,
        "static Blob encryptWithManagedIV(String,Blob,Blob)": _encrypt_managed,
        "static Blob decryptWithManagedIV(String,Blob,Blob)": _decrypt_managed,
        "static Integer getRandomInteger()": lambda: wrap32(secrets.randbits(32)),
        "static Long getRandomLong()": lambda: Long(wrap64(secrets.randbits(64))),
        "static Blob sign(String,Blob,Blob)": _sign,
        "static Blob signWithCertificate(String,Blob,String)": _without_certificate("signWithCertificate"),
        "static Boolean verify(String,Blob,Blob,Blob)": _verify,
        "static Boolean verify(String,Blob,Blob,String)": _without_certificate("verify"),
    },
)


def random_uuid() -> str:
    raw = bytearray(secrets.token_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _read_uuid(text: str | None) -> Uuid:
    """A UUID in any case. ASSUMED: what is none is refused in Java's words."""
    found = _present(text).lower()
    if not _UUID.fullmatch(found):
        raise throw("IllegalArgumentException", f"Invalid UUID string: {text}")
    return Uuid(found)


class Uuid(str):
    """System.UUID."""

    __slots__ = ()

    @property
    def apex_type(self) -> Value:
        return UUID.type


UUID = system_class(
    "UUID",
    {
        "static UUID randomUUID()": lambda: Uuid(random_uuid()),
        "static UUID fromString(String)": _read_uuid,
        "String toString()": str.__str__,
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": lambda this: hash_code(str(this)),
    },
)
