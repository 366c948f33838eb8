"""Output of the HLM program, read and compared."""
