"""Generated runs: requests made from the document, sent by our client; what comes is judged.

cases.py      one request of a run, and its file
generator.py  requests from schemas, right and deliberately wrong, by Schemathesis
made.py       requests from examples and from our own generator
probe.py      sends a case; the verdict and the checks that only a run can make
sequences.py  what takes several calls: created, read, deleted, read again
runner.py     which cases, in which order, for how long
replaying.py  a case once more, and as a test of its own
"""
