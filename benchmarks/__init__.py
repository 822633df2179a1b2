"""Timings of dynclient against what a person would write by hand, and against its peers."""
