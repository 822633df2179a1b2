"""The command line: one module a command. click and rich are imported in this package only.

Data goes to stdout, everything else to stderr; see `exits` for the exit codes.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the program on `sys.argv`; ends with SystemExit."""
    from .program import program

    program.main(prog_name="dynclient")
