"""The devices that the emulator offers.

Three stand for processors; what is known of each (size, connections, calibration) is in a file of
facts beside this module, which the API's responses and the noise model are both made of. The
fourth is an ideal simulator. A job for a paused device stays in the queue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["DEVICES", "MAX_SHOTS", "STATES", "Device", "choose"]

#: Shots that one pub may ask for, on every device.
MAX_SHOTS = 100_000

#: What a device can be (BackendDeviceStatus).
STATES = ("online", "paused", "offline")


@dataclass(frozen=True, slots=True)
class Device:
    """One device; `facts` is what its file says, empty for the simulator."""

    name: str
    qubits: int
    state: str = "online"
    reason: str | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """The file of a processor."""
        return _facts(self.name)

    @property
    def is_simulator(self) -> bool:
        """Whether it stands for no processor."""
        return self.name == _SIMULATOR


_SIMULATOR = "simulator_statevector"
_ALL = (
    Device("ibm_brisbane", 127),
    Device("ibm_fez", 156),
    Device("ibm_torino", 133, state="paused", reason="maintenance"),
    Device(_SIMULATOR, 20),
)

#: Every device by name.
DEVICES: Mapping[str, Device] = MappingProxyType({device.name: device for device in _ALL})


def choose(wanted: tuple[str, ...]) -> Mapping[str, Device]:
    """Some devices, each named as NAME or NAME=STATE; all of them for an empty choice.

    Raises ValueError for an unknown name or state.
    """
    chosen: dict[str, Device] = {}
    for text in wanted:
        name, _, state = text.partition("=")
        if name not in DEVICES:
            raise ValueError(f"there is no device {name!r}: use one of {', '.join(DEVICES)}")
        device = DEVICES[name]
        if state:
            if state not in STATES:
                raise ValueError(f"a device is {', '.join(STATES)}, not {state!r}")
            device = replace(device, state=state, reason=None)
        chosen[name] = device
    return MappingProxyType(chosen) if chosen else DEVICES


@cache
def _facts(name: str) -> Mapping[str, Any]:
    if name == _SIMULATOR:
        return MappingProxyType({})
    text = (Path(__file__).parent / f"{name}.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))
