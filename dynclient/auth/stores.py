"""Where tokens outlive a process: a file of the user's own, or the keyring of the system.

Both block, so a handler reaches them by `Run`; nothing here is read unless a store was asked for.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol, runtime_checkable

from ..commands import Command, Run
from ..environment import TOKENS_VARIABLE
from ..errors import AuthError
from ..locking import locked
from .tokens import Token, json_object

__all__ = [
    "Entry",
    "KeyringTokens",
    "TokenFile",
    "TokenStore",
    "kept",
    "recalled",
    "store_of",
    "usual_store",
]

#: What a store holds under a name; JSON.
Entry = Mapping[str, Any]

_SERVICE = "dynclient"
_PRIVATE = stat.S_IRUSR | stat.S_IWUSR


@runtime_checkable
class TokenStore(Protocol):
    """Entries by name. Both methods may block, and raise AuthError where the store can't be used.

    An entry holds secrets: a store keeps it from other users.
    """

    def read(self, name: str) -> Entry | None:
        """The entry of that name; None if there is none."""

    def write(self, name: str, entry: Entry | None) -> None:
        """Keep an entry in place of the one of that name; None removes it."""


@dataclass(frozen=True)
class TokenFile:
    """A JSON file that only its user may read (mode 0600).

    path  by default `tokens.json` in the user's data folder (`~/.local/share/dynclient` on Linux)

    Written whole and then renamed, under a lock, so that processes may share it. AuthError for a
    file that others may read, or that is no file of tokens.
    """

    path: str | os.PathLike[str] | None = None

    @property
    def where(self) -> Path:
        """The file."""
        if self.path is not None:
            return Path(self.path).expanduser()
        from platformdirs import user_data_path

        return user_data_path("dynclient", appauthor=False) / "tokens.json"

    def read(self, name: str) -> Entry | None:
        found = self._entries().get(name)
        return found if isinstance(found, dict) else None

    def write(self, name: str, entry: Entry | None) -> None:
        where = self.where
        try:
            where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (where.parent / f"{where.name}.lock").open("a") as lock, locked(lock):
                entries = dict(self._entries())
                entries.pop(name, None)
                if entry is not None:
                    entries[name] = dict(entry)
                self._replace(where, entries)
        except OSError as error:
            raise AuthError(f"the token file {where} can't be written: {error.strerror}") from None

    def _entries(self) -> Entry:
        where = self.where
        try:
            with where.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise AuthError(f"the token file {where} can't be read: {error.strerror}") from None
        if os.name == "posix" and stat.S_IMODE(mode) & ~_PRIVATE:
            raise AuthError(f"others may read the token file {where}: chmod 600 {where}")
        entries = json_object(content)
        if entries is None:
            raise AuthError(f"{where} is no file of tokens: move it away, and sign in again")
        return entries

    @staticmethod
    def _replace(where: Path, entries: Entry) -> None:
        # NamedTemporaryFile makes a file that nobody else may read.
        with NamedTemporaryFile("w", dir=where.parent, prefix=where.name, delete=False) as file:
            try:
                json.dump(entries, file, indent=1)
                file.close()
                Path(file.name).replace(where)
            except BaseException:
                with suppress(OSError):
                    Path(file.name).unlink()
                raise


@dataclass(frozen=True)
class KeyringTokens:
    """The keyring of the system, by the package keyring (extra `keyring`).

    service  the name under which the keyring lists the entries
    """

    service: str = _SERVICE

    def read(self, name: str) -> Entry | None:
        text = keyring_password(self.service, name)
        return None if text is None else json_object(text.encode())

    def write(self, name: str, entry: Entry | None) -> None:
        if entry is not None:
            _keyring("set_password", self.service, name, json.dumps(dict(entry)))
        elif keyring_password(self.service, name) is not None:
            _keyring("delete_password", self.service, name)


def keyring_password(service: str, user: str) -> str | None:
    """What the keyring of the system has. AuthError if it can't be used."""
    return _keyring("get_password", service, user)


def _keyring(function: str, *given: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise AuthError(
            "the keyring of the system needs the package keyring: pip install 'dynclient[keyring]'"
        ) from None
    try:
        answer: str | None = getattr(keyring, function)(*given)
    except KeyringError as error:
        # What a backend says may quote what it was given.
        reason = type(error).__name__
    else:
        return answer
    raise AuthError(
        f"the keyring of this system can't be used ({reason}); tokens can be kept in a file "
        f"instead: {TOKENS_VARIABLE}=file"
    )


def store_of(setting: str) -> TokenStore:
    """The store that a text names: `file`, `keyring`, or the path of a file."""
    if setting == "keyring":
        return KeyringTokens()
    return TokenFile(None if setting == "file" else setting)


def usual_store(environ: Mapping[str, str] = os.environ) -> TokenStore | None:
    """The store that DYNCLIENT_TOKENS names; None where tokens are kept in memory only."""
    setting = environ.get(TOKENS_VARIABLE)
    return store_of(setting) if setting else None


def recalled(
    store: TokenStore | None, name: str, known: Sequence[Token]
) -> Generator[Command, Any, tuple[Token, ...]]:
    """The tokens that a store has under a name; those in memory where there is no store.

    Another process may have replaced what was in memory. What a server has refused stays refused.
    """
    entry = None if store is None else (yield Run(partial(store.read, name)))
    if entry is None:
        return tuple(known)
    mine = {token.access_token: token for token in known}
    try:
        found = [Token.of(each) for each in entry["tokens"]]
    except (AuthError, KeyError, TypeError, ValueError):
        return tuple(known)  # of another version: it is replaced by the next token
    return tuple(mine.get(token.access_token, token) for token in found)


def kept(
    store: TokenStore | None, name: str, tokens: Sequence[Token]
) -> Generator[Command, Any, None]:
    """Put the tokens into the store, if there is one."""
    if store is not None:
        entry = {"tokens": [token.as_data() for token in tokens]}
        yield Run(partial(store.write, name, entry))
