"""Calls an operation for many rows on a Dask cluster of two worker processes: a program.

A process of its own: importing Dask changes how every exception of a process is pickled.
Prints the process ids of the workers, then the results: on_dask.py URL JOURNAL ROWS [RATE].
A rate is kept by the scheduler, for both workers together.
"""

from __future__ import annotations

import json
import os
import sys

import distributed

from bulk.programs import DOCUMENT, rows
from dynclient import Client, RateLimits
from dynclient.bulk.scheduler import DaskPace


def main() -> None:
    url, journal, count, *rate = sys.argv[1:]
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as dask:
        print(json.dumps(list(dask.run(os.getpid).values())), flush=True)
        pace = DaskPace(cluster.scheduler_address)
        limits = RateLimits({"make": rate[0]}, shared=pace) if rate else None
        results = Client(DOCUMENT, base_url=url, rate_limits=limits).map(
            "make",
            rows(int(count)),
            executor=dask.get_executor(pure=False, retries=0),
            journal=journal,
            workers=8,
            chunk=5 if rate else 50,
        )
        print(json.dumps([results.answered, results.failed, results.unknown]), flush=True)


if __name__ == "__main__":
    main()
