"""Many calls of one operation: a row of arguments each, every row's fate on record.

results.py    what became of a row, and of all
journal.py    the fates of rows in a file, so that a run can be resumed
batch.py      the rows, one call each, whichever client makes it
workers.py    threads and tasks that make the calls
parts.py      what a worker of an executor records of its chunk
executors.py  chunks of rows in any `concurrent.futures.Executor`
"""
