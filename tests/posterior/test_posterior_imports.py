import subprocess
import sys


def test_posterior_and_display_load_neither_pymc_nor_arviz_nor_matplotlib():
    code = """
import sys
import bayeshlm.display.quantity, bayeshlm.display.tables
import bayeshlm.posterior.fixed_effects, bayeshlm.posterior.group_coefficients, bayeshlm.posterior.icc
import bayeshlm.posterior.plausible_ranges, bayeshlm.posterior.reliability
import bayeshlm.posterior.variance_components
heavy = {"pymc", "pytensor", "nutpie", "arviz", "arviz_stats", "matplotlib"}
sys.exit(", ".join(heavy & set(sys.modules)) or 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
