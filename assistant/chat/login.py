"""The chat's login: HTTP Basic, one name and one password, and a brake on guessing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from assistant.chat.rates import Buckets
from assistant.chat.refused import Refused, too_many
from assistant.errors import SettingsError

PASSWORD_VARIABLE = "ASSISTANT_PASSWORD"  # noqa: S105
SHORTEST_PASSWORD = 8

_FAILURES = 10  # a minute, of one client
_ASK = {"www-authenticate": 'Basic realm="assistant", charset="UTF-8"'}


class Login:
    """Knows the name and the password, as a hash. For one thread."""

    def __init__(self, name: str, password: str) -> None:
        """Raises SettingsError for a name that HTTP cannot carry, or a short password."""
        if not name or ":" in name or not name.isprintable():
            raise SettingsError(
                f"the login's name must be printable text without ':', not {name!r}"
            )
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(
                f"the password in {PASSWORD_VARIABLE} is shorter than {SHORTEST_PASSWORD} "
                "characters; choose a longer one"
            )
        self._expected = _digest(f"{name}:{password}".encode("utf-8", "surrogateescape"))
        self._failures = Buckets(rate=_FAILURES / 60, burst=_FAILURES)

    def check(self, credentials: Sequence[str], client: str) -> None:
        """Raises Refused unless one Authorization header has the name and the password.

        A client that failed often is refused whatever it sends, or it could go on guessing.
        A request without credentials is no guess: browsers ask once before they send any.
        """
        if not credentials:
            raise Refused(401, "This chat needs a name and a password.", _ASK)
        seconds = self._failures.wait(client)
        if seconds > 0:
            raise too_many("Too many wrong passwords came from this address.", seconds)
        given = _digest(_basic(credentials[0]) if len(credentials) == 1 else b"")
        if not hmac.compare_digest(given, self._expected):
            self._failures.take(client)
            raise Refused(401, "The name or the password is wrong.", _ASK)


def login_from_environment(name: str, environment: Mapping[str, str] | None = None) -> Login:
    """The login of this name, with the password in ASSISTANT_PASSWORD.

    A password on a command line could be read by everybody on the machine. Raises
    SettingsError where it is unset or too short.
    """
    password = (os.environ if environment is None else environment).get(PASSWORD_VARIABLE)
    if password is None:
        raise SettingsError(
            f"a login needs a password; set the environment variable {PASSWORD_VARIABLE}"
        )
    return Login(name, password)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_exposure(host: str, *, auth: str | None, no_auth: bool) -> None:
    """Raises SettingsError where other computers would get in and nobody decided that."""
    if auth is not None and no_auth:
        raise SettingsError("auth and no_auth exclude each other")
    if auth is None and not no_auth and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other computers: ask them for a password with "
            f"--auth NAME and the variable {PASSWORD_VARIABLE}, or let everybody in with --no-auth"
        )


def _basic(credentials: str) -> bytes:
    """The `name:password` of a header's value; nothing where it has another form."""
    scheme, _, encoded = credentials.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
