"""Without PyMC: REML and its inference, the textbook's other methods on the rows, and output of the HLM program."""
