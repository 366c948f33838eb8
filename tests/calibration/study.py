"""Calibrate the posteriors of all model types, record the ranks, and draw them.

    uv run python tests/calibration/study.py
    uv run python tests/calibration/study.py --types "three levels" crossed --replications 200
    uv run python tests/calibration/study.py --errors
    uv run python tests/calibration/study.py --draw

What the file has is kept and continued, type by type, so that the study can be run in pieces. ``--errors`` runs the
copies that are broken on purpose, each beside the whole package; ``--draw`` draws the figure of the documentation and
runs nothing.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from bands import level_of, limits, p_value
from broken import ERRORS
from calibrated_types import TYPES
from ranks import KEPT, rank_counts

import bayeshlm as hlm

REPLICATIONS, ERROR_REPLICATIONS, PIECE = 1000, 400, 25
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "tests" / "references" / "calibration.json"
FIGURE = ROOT / "docs" / "figures" / "calibration.png"


def continued(known: dict[str, Any], name: str, replications: int) -> dict[str, Any]:
    """The record of a type with some replications more."""
    start = known.get("replications", 0)
    found = rank_counts(TYPES[name], range(start, min(start + PIECE, replications)))
    before = known.get("counts", {})
    counts = {quantity: (np.array(before.get(quantity, 0)) + of).tolist() for quantity, of in found.items()}
    fitted = sum(next(iter(counts.values())))
    return {
        "replications": min(start + PIECE, replications),
        "refused": min(start + PIECE, replications) - fitted,
        "date": date.today().isoformat(),
        "version": hlm.__version__,
        "counts": counts,
    }


def smallest_p(record: dict[str, Any]) -> tuple[float, str]:
    """The smallest p-value of the ranks of a type's quantities, and the quantity."""
    return min((p_value(np.array(of)), quantity) for quantity, of in record["counts"].items())


def error_record(name: str) -> dict[str, Any]:
    """P-values of the quantity that an error shows in, with and without it, by the same seeds."""
    error, n = ERRORS[name], ERROR_REPLICATIONS
    found = error.counts(n)[error.shows_in], rank_counts(error.kind, range(n))[error.shows_in]
    p_with, p_without = (p_value(counts) for counts in found)
    return {
        "replications": n,
        "date": date.today().isoformat(),
        "quantity": error.shows_in,
        "p with": p_with,
        "p without": p_without,
    }


def draw(records: dict[str, Any], path: Path) -> None:
    """ECDF of the ranks minus that of uniform ones, of every quantity of a type, in the band of 95 % of such lines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(records) // 3)
    figure, axes = pyplot.subplots(rows, 3, figsize=(9, 2.1 * rows), sharex=True, sharey=True, squeeze=False)
    z = np.arange(1, KEPT + 1) / (KEPT + 1)
    for ax, (name, record) in zip(axes.ravel(), records.items(), strict=False):
        n = record["replications"] - record.get("refused", 0)
        low, high = limits(n, KEPT + 1, level_of(n, KEPT + 1, 0.05))
        ax.fill_between(z, low / n - z, high / n - z, step="post", color="0.87", linewidth=0)
        for counts in record["counts"].values():
            ax.step(z, np.cumsum(counts)[:-1] / n - z, where="post", linewidth=0.7)
        ax.set_title(f"{name}: {n:,} data sets", fontsize=8)
        ax.tick_params(labelsize=7)
    for ax in axes.ravel()[len(records) :]:
        ax.set_axis_off()
    figure.supxlabel("rank of the truth among the draws, as a share", fontsize=9)
    figure.supylabel("share of ranks below, minus the uniform one's", fontsize=9)
    figure.tight_layout()
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Run what is asked for in pieces, writing the file after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--types", nargs="+", choices=list(TYPES), default=list(TYPES))
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--errors", nargs="*", choices=list(ERRORS))
    parser.add_argument("--draw", action="store_true")
    options = parser.parse_args()
    record = (
        json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {"types": {}, "errors": {}}
    )
    record["command"] = "uv run python tests/calibration/study.py"
    for name in () if options.errors is None else options.errors or ERRORS:
        record["errors"][name] = error_record(name)
        options.out.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
        print(name, record["errors"][name], flush=True)
    for name in options.types if options.errors is None and not options.draw else ():
        while record["types"].get(name, {}).get("replications", 0) < options.replications:
            record["types"][name] = continued(record["types"].get(name, {}), name, options.replications)
            options.out.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
        print(name, record["types"][name]["replications"], *smallest_p(record["types"][name]), flush=True)
    if options.draw:
        draw({name: record["types"][name] for name in TYPES if name in record["types"]}, FIGURE)


if __name__ == "__main__":
    main()
