"""Operations as attributes, with a real signature and docstring each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

from .errors import UnknownOperation
from .operation import UNSET, Operation, Operations, Options

__all__ = ["OperationCall", "Ops"]


class Calls(Protocol):
    """What calls operations: a client."""

    @property
    def operations(self) -> Operations: ...

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Any: ...


class OperationCall:
    """`client.ops.create_job`: calling it is `client.call("create_job", ...)`."""

    def __init__(self, client: Calls, operation: Operation) -> None:
        self._client = client
        self.operation = operation
        self.__name__ = self.__qualname__ = operation.name

    @property
    def __signature__(self) -> inspect.Signature:
        return self.operation.signature

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self.operation.docstring

    def __call__(
        self,
        arguments: Mapping[str, Any] | None = None,
        /,
        *,
        body: Any = UNSET,
        options: Options | None = None,
        **named_arguments: Any,
    ) -> Any:
        return self._client.call(
            self.operation.name, arguments, body=body, options=options, **named_arguments
        )

    def __repr__(self) -> str:
        return f"<{self.operation.name}{self.operation.signature}>"


class Ops:
    """Every operation of a client as an attribute: by name, or by snake_case alias."""

    def __init__(self, client: Calls) -> None:
        self._client = client
        self._calls: dict[str, OperationCall] = {}

    def __getattr__(self, name: str) -> OperationCall:
        if name.startswith("__") or name in ("_calls", "_client"):  # asked for by copy and pickle
            raise AttributeError(name, name=name, obj=self)
        try:
            return self[name]
        except UnknownOperation as error:
            raise AttributeError(str(error), name=name, obj=self) from None

    def __getitem__(self, name: str) -> OperationCall:
        call = self._calls.get(name)
        if call is None:
            operation = self._client.operations[name]
            call = self._calls[name] = OperationCall(self._client, operation)
        return call

    def __dir__(self) -> list[str]:
        operations = self._client.operations
        names = [name for name in operations if name.isidentifier()]
        names += [alias for alias, name in operations.aliases.items() if name is not None]
        return sorted(set(names))

    def __repr__(self) -> str:
        return f"<ops: {', '.join(self.__dir__())}>"
