"""The benchmarks are commands; only their shared functions are tested."""

collect_ignore = ["compare.py", "growth.py", "contenders.py", "gradient.py"]
