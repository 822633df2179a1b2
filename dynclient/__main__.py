"""`python -m dynclient`: the same program as `dynclient`."""

from .cli import main

main()
