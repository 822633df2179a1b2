"""Running jobs: the queue, the processes, the programs."""
