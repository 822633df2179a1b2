"""Credentials that are already there: environment variables, and the account file of Qiskit."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..environment import environment_name
from ..errors import AuthError
from ..remedies import Remedy, give
from .credential import Found
from .handlers import AuthValue
from .iam import IAMAuth
from .stores import usual_store

__all__ = [
    "ACCOUNT_FILE",
    "Account",
    "completed",
    "environment_auth",
    "environment_name",
    "qiskit_account",
]

#: Where qiskit-ibm-runtime keeps accounts.
ACCOUNT_FILE = "~/.qiskit/qiskit-ibm.json"

_PLATFORM = "ibm_quantum_platform"
#: Channel → the name under which Qiskit saves its account by default, in Qiskit's order.
_CHANNELS = {_PLATFORM: "default-ibm-quantum-platform", "ibm_cloud": "default-ibm-cloud"}
_INSTANCE = "ServiceCRN"  # the scheme of the bundled document
_OWN_SERVICE = give(auth={"IBMCloudAuth": ..., _INSTANCE: ...}, base_url=...)
_NO_CHANNEL: dict[str, tuple[str, Remedy | None]] = {
    "ibm_quantum": (
        "that channel was retired in July 2025. Create an API key and an instance at "
        "https://quantum.cloud.ibm.com and save them for the channel ibm_quantum_platform",
        None,
    ),
    "local": (
        "that is Qiskit's local test mode, which has no account and no service to call. "
        "Remove it, or use another service, such as the emulator",
        _OWN_SERVICE,
    ),
}
_REGION = re.compile(r"[a-z0-9-]+")


def environment_auth(
    schemes: Iterable[str], environ: Mapping[str, str] = os.environ
) -> dict[str, AuthValue]:
    """The `auth=` mapping that the environment gives for the schemes of a document.

    `schemes` are names (a mapping by name will do). Variables that are empty count as not set.
    Raises `AuthError` if one variable would serve two schemes.
    """
    found: dict[str, AuthValue] = {}
    by_variable: dict[str, str] = {}
    for scheme in schemes:
        variable = environment_name(scheme)
        value = environ.get(variable)
        if not value:
            continue
        if variable in by_variable:
            raise AuthError(
                f"{variable} would serve both {by_variable[variable]} and {scheme}, and a secret "
                f"must not go to the wrong place: unset it",
                remedy=give(auth={by_variable[variable]: ..., scheme: ...}),
            )
        by_variable[variable] = scheme
        found[scheme] = value
    return found


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """An account of the IBM Quantum Platform, as Qiskit knows it.

    token     the IBM Cloud API key
    instance  the CRN of the service instance
    channel   ibm_quantum_platform or ibm_cloud (two names for one thing)
    name      its name in the account file; None if it comes from the environment
    source    where it was found, for people
    host      cloud.ibm.com, or test.cloud.ibm.com for IBM's own staging
    private   use the endpoints inside of IBM's private network
    """

    token: str
    instance: str
    channel: str
    name: str | None
    source: str
    host: str = "cloud.ibm.com"
    private: bool = False

    @property
    def region(self) -> str:
        """The region of the instance."""
        return str(region_of(self.instance))

    def auth(self) -> dict[str, AuthValue]:
        """The `auth=` mapping for the bundled document `qiskit-runtime`."""
        private = "private." if self.private else ""
        url = f"https://{private}iam.{self.host}/identity/token"
        key = IAMAuth(self.token, url=url, store=usual_store())
        return {"IBMCloudAuth": key, _INSTANCE: self.instance}

    def base_url(self) -> str:
        """The address of the service for the instance's region."""
        return _service_url(self.region, self.host, private=self.private)

    def __repr__(self) -> str:
        return f"<Account {self.name or 'without a name'} on {self.channel}, from {self.source}>"


def completed(
    auth: Mapping[str, Any],
    *,
    use_account: bool = True,
    auth_of: Callable[[Account], Mapping[str, AuthValue]] = Account.auth,
) -> Found:
    """Credentials for IBM's own service, from the saved account where a key is missing.

    Nothing, or the CRN of an instance alone, is completed by the account's API key, if it may be
    used: `auth_of` gives its mapping. Whoever gives the key, the service is in the region of the
    CRN. Raises `AuthError` as `qiskit_account` does.
    """
    crn = auth.get(_INSTANCE)
    region = region_of(crn)
    if use_account and (not auth or (region is not None and set(auth) == {_INSTANCE})):
        account = qiskit_account(instance=crn)
        if account is not None:
            source = f"the region of the account's instance, from {account.source}"
            found = {**auth_of(account), **auth}
            return Found(found, account.base_url(), f"the region of {_INSTANCE}" if crn else source)
    if region is None:
        return Found(auth)
    return Found(auth, _service_url(region), f"the region of {_INSTANCE}")


def region_of(crn: object) -> str | None:
    """The region of a service instance, the sixth part of its CRN; None if it is not a CRN."""
    parts = crn.split(":") if isinstance(crn, str) else []
    # The region becomes part of a host name, so it may hold nothing else.
    is_crn = len(parts) > 7 and parts[0] == "crn" and _REGION.fullmatch(parts[5])
    return parts[5] if is_crn else None


def _service_url(region: str, host: str = "cloud.ibm.com", *, private: bool = False) -> str:
    prefix = "" if region == "us-east" else f"{region}."
    return f"https://{f'private.{region}.' if private else prefix}quantum.{host}/api"


def qiskit_account(
    *,
    name: str | None = None,
    instance: str | None = None,
    filename: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Account | None:
    """The account that Qiskit would use, or None if there is none.

    In the order of qiskit-ibm-runtime: the saved account called `name`; else
    `QISKIT_IBM_TOKEN` (with `QISKIT_IBM_INSTANCE`, `QISKIT_IBM_CHANNEL`, `QISKIT_IBM_URL`); else
    from the file the account marked `is_default_account`, that of the channel, or the default
    one of any channel. `instance` is a CRN that counts in place of the account's; `filename` is by
    default `~/.qiskit/qiskit-ibm.json`.

    Raises `AuthError`, saying where and what to do, for a file that can't be read, a `name` that
    is not in it, a channel that has no service, or an instance that is missing or not a CRN.
    """
    channel = environ.get("QISKIT_IBM_CHANNEL") or _PLATFORM
    if name is None and environ.get("QISKIT_IBM_TOKEN"):
        entry = {
            "token": environ["QISKIT_IBM_TOKEN"],
            "instance": instance or environ.get("QISKIT_IBM_INSTANCE"),
            "channel": channel,
            "url": environ.get("QISKIT_IBM_URL"),
        }
        return _account(None, entry, "the environment (QISKIT_IBM_TOKEN)", environ)
    if name is None and channel not in _CHANNELS:
        raise _channel_error("the environment (QISKIT_IBM_CHANNEL)", channel)
    path = Path(filename or ACCOUNT_FILE).expanduser()
    accounts = _read(path, required=filename is not None or name is not None)
    chosen = _choose(accounts, channel) if name is None else name
    if chosen is None:
        return None
    if chosen not in accounts:
        known = f"it has {', '.join(accounts)}" if accounts else "it has none"
        raise AuthError(f"{path}: no account is called {chosen!r} ({known})")
    entry = accounts[chosen]
    if instance is not None and isinstance(entry, dict):
        entry = {**entry, "instance": instance}
    return _account(chosen, entry, f"{path}, account {chosen!r}", environ)


def _read(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise AuthError(f"there is no account file {path}") from None
        return {}
    except UnicodeDecodeError:
        # The decoding error holds the file's bytes, so it must not hang on ours: raised below.
        text = "\0"
    except OSError as error:
        raise AuthError(f"the account file {path} can't be read: {error.strerror}") from None
    data, fault = _parse(text)
    if not isinstance(data, dict):
        raise AuthError(
            f"the account file {path} {fault or 'is not a JSON object of accounts by name'}. "
            f"Repair it, or move it away and save the account again"
        )
    return data


def _parse(text: str) -> tuple[Any, str]:
    """The data, and what is wrong with the text; never an exception, which would hold the text."""
    try:
        return json.loads(text), ""
    except json.JSONDecodeError as error:
        return None, f"is not JSON (line {error.lineno}, column {error.colno})"
    except RecursionError:
        return None, "is not JSON that can be read (too deep)"


def _choose(accounts: Mapping[str, Any], channel: str) -> str | None:
    """The name of the account to use when the caller named none."""
    entries = {name: entry for name, entry in accounts.items() if isinstance(entry, dict)}
    marked = [name for name, entry in entries.items() if entry.get("is_default_account")]
    of_channel = [name for name, entry in entries.items() if entry.get("channel") == channel]
    usual = _CHANNELS[channel]
    candidates = [
        *marked,
        *([usual] if usual in of_channel else reversed(of_channel)),
        *(default for default in _CHANNELS.values() if default in accounts),
        # Whatever is left can't be used, or not without a doubt; its error says why.
        *accounts,
    ]
    return candidates[0] if candidates else None


def _account(name: str | None, entry: Any, source: str, environ: Mapping[str, str]) -> Account:
    if not isinstance(entry, dict):
        raise AuthError(f"{source}: an account is a JSON object. Save it again")
    channel = entry.get("channel") or _PLATFORM
    if not isinstance(channel, str) or channel not in _CHANNELS:
        raise _channel_error(source, channel)
    token = entry.get("token")
    if not isinstance(token, str) or not token:
        raise AuthError(f"{source}: there is no token. Save the account again with its API key")
    return Account(
        token=token,
        instance=_crn(source, entry.get("instance") or environ.get("QISKIT_IBM_INSTANCE")),
        channel=channel,
        name=name,
        source=source,
        host=_host(source, entry.get("url")),
        private=entry.get("private_endpoint") is True,
    )


def _channel_error(source: str, channel: object) -> AuthError:
    known = f"a channel is {' or '.join(_CHANNELS)}"
    reason, remedy = _NO_CHANNEL.get(str(channel), (known, None))
    return AuthError(f"{source}: the channel is {channel!r}; {reason}", remedy=remedy)


def _crn(source: str, instance: object) -> str:
    if isinstance(instance, str) and region_of(instance) is not None:
        return instance
    fault = "the instance is not a CRN" if instance else "there is no instance"
    raise AuthError(
        f"{source}: {fault}. Copy the CRN (crn:v1:bluemix:public:quantum-computing:REGION:...) of "
        f"your instance from https://quantum.cloud.ibm.com/instances into QISKIT_IBM_INSTANCE "
        f"or the account"
    )


def _host(source: str, url: object) -> str:
    """IBM Cloud's own host, from the address that Qiskit saved; the key goes nowhere else."""
    if not url:
        return "cloud.ibm.com"
    name = (urlsplit(url).hostname or "") if isinstance(url, str) else ""
    for host in ("test.cloud.ibm.com", "cloud.ibm.com"):
        if name == host or name.endswith(f".{host}"):
            return host
    raise AuthError(
        f"{source}: its url is not an address of IBM Cloud ({name or 'no host'}). Remove it to "
        f"use https://cloud.ibm.com, or name the service yourself",
        remedy=_OWN_SERVICE,
    )
