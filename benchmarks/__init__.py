"""Benchmarks: `make bench-NAME` runs benchmarks/NAME.py, which ends with `report.finish`."""
