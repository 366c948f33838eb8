import subprocess
import sys


def test_posterior_and_display_load_neither_pymc_nor_arviz_nor_matplotlib():
    code = """
import sys
import bayeshlm.display.fit_tables, bayeshlm.display.fit_tables
import bayeshlm.quantities.fixed_effects, bayeshlm.quantities.group_coefficients, bayeshlm.quantities.icc
import bayeshlm.quantities.plausible_ranges, bayeshlm.quantities.reliability
import bayeshlm.quantities.variance_components
heavy = {"pymc", "pytensor", "nutpie", "arviz", "arviz_stats", "matplotlib"}
sys.exit(", ".join(heavy & set(sys.modules)) or 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
