"""The documents that come with the package, by name."""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundled_names", "bundled_path"]

_PACKAGE = Path(__file__).parent.parent
# An installed wheel carries spec/ inside the package; a checkout has it beside the package.
_FOLDERS = (_PACKAGE / "_spec", _PACKAGE.parent / "spec")
_ENDINGS = (".yaml", ".yml", ".json")


def bundled_names() -> list[str]:
    """The names under which bundled documents can be opened."""
    names = {
        file.stem
        for folder in _FOLDERS
        if folder.is_dir()
        for file in folder.iterdir()
        if file.suffix in _ENDINGS
    }
    return sorted(names)


def bundled_path(name: str) -> Path | None:
    """The path of the bundled document of that name; None if there is none."""
    if "/" in name or "\\" in name:
        return None
    for folder in _FOLDERS:
        for ending in _ENDINGS:
            file = folder / f"{name}{ending}"
            if file.is_file():
                return file
    return None
