"""Write the tables of the page "How it is tested" from the records of the studies: ``python docs/trust_tables.py``.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``. The records are in ``tests/references``; each has
the command that wrote it and the date.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE, REFERENCES = ROOT / "docs" / "trust.md", ROOT / "tests" / "references"
BLOCK = re.compile(r"(<!-- table: (?P<name>[a-z ]+) -->\n\n).*?(<!-- end -->)", re.DOTALL)
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("calibration", "posteriordb")]

SIZES = (100, 200, 400, 1000)
SEEN = 0.9
"""Replications for which the smallest error is computed, and how surely it is seen."""


def read(name: str) -> Any:
    """A record."""
    return json.loads((REFERENCES / name).read_text(encoding="utf-8"))


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table, all columns but the first to the right."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *map(list, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def calibrated() -> str:
    """A row a type of model: data sets, quantities, and the smallest p-value with what would be too small."""
    from calibrated_types import TYPES
    from study import smallest_p

    records = read("calibration.json")["types"]
    rows = []
    for name, kind in TYPES.items():
        if name not in records:
            rows.append([name, *["not yet run"] * 5])
            continue
        record = records[name]
        p, quantity = smallest_p(record)
        sampler = "importance" if kind.sampler == "importance" else "NUTS"
        sizes = f"{record['replications'] - record.get('refused', 0):,}", str(len(record["counts"]))
        rows.append([name, sampler, *sizes, f"{p:.3f} ({quantity.replace('|', '\\|')})", record["date"]])
    return markdown(["model", "sampler", "data sets", "quantities", "smallest p", "last run"], rows)


def seen_errors() -> str:
    """The smallest shift and the smallest wrong spread that numbers of data sets see, computed."""
    from bands import rank_probabilities, smallest
    from ranks import KEPT

    size, alpha = KEPT + 1, 0.01
    ways: dict[str, tuple[Callable[[float], Any], float]] = {
        "mean off by": (lambda e: rank_probabilities(size, shift=e), 2.0),
        "SD too small by": (lambda e: rank_probabilities(size, scale=1 - e), 0.9),
        "SD too large by": (lambda e: rank_probabilities(size, scale=1 + e), 6.0),
    }
    rows = []
    for n in SIZES:
        found = [smallest(n, size, alpha, SEEN, off, most) for off, most in ways.values()]
        rows.append([f"{n:,}", f"{found[0]:.2f} SD", *(f"{100 * error:.0f} %" for error in found[1:])])
    return markdown(["data sets", *ways], rows)


def broken_copies() -> str:
    """P-values of the ranks with each error and without it."""
    rows = [
        [
            name,
            str(one["replications"]),
            f"`{one['quantity']}`",
            small(one["p with"]),
            small(one["p without"]),
            one["date"],
        ]
        for name, one in read("calibration.json")["errors"].items()
    ]
    return markdown(["error", "data sets", "shows in", "p with it", "p without it", "last run"], rows)


def small(p: float) -> str:
    """A p-value; below 1e-10 the recursion has no digits left."""
    return "< 1e-10" if p < 1e-10 else f"{p:.2g}" if p < 0.01 else f"{p:.2f}"


def few_coverage() -> str:
    """Coverage of 95 % intervals by number of groups and tau."""
    rows = []
    for cell in read("few_groups.json")["cells"]:
        covers = {method: cell[method]["coverage"] for method in ("posterior", "satterthwaite", "kenward-roger")}
        row = [str(cell["groups"]), f"{cell['tau']:g}", str(cell["replications"])]
        row += [share(covers[method]["g01"]) for method in covers]
        row += [share(covers[method]["g10"]) for method in ("posterior", "satterthwaite")]
        rows.append([*row, share(covers["posterior"]["tau"]), share(covers["posterior"]["icc"])])
    head = ["J", "tau", "data sets", "g01", "Satterthwaite", "Kenward-Roger", "g10", "Satterthwaite", "tau", "ICC"]
    return markdown(head, rows)


def few_estimates() -> str:
    """Bias of tau and the ICC, and the width of the interval of g01."""
    rows = []
    for cell in read("few_groups.json")["cells"]:
        posterior, reml, kr = cell["posterior"], cell["satterthwaite"], cell["kenward-roger"]
        row = [str(cell["groups"]), f"{cell['tau']:g}"]
        for name in ("tau", "icc"):
            row += [signed(part[name]) for part in (posterior["bias"], posterior["bias_median"], reml["bias"])]
        rows.append([*row, *(f"{one['width']['g01']:.2f}" for one in (posterior, reml, kr))])
    head = ["J", "tau", "tau: mean", "median", "REML", "ICC: mean", "median", "REML"]
    return markdown([*head, "width of g01", "Satterthwaite", "Kenward-Roger"], rows)


def share(value: float) -> str:
    """A share without its leading zero, as in tables of coverage."""
    return f"{value:.3f}".removeprefix("0") if 0 < value < 1 else f"{value:.0f}"


def signed(value: float) -> str:
    """A bias."""
    return f"{value:+.2f}"


def posterior_db() -> str:
    """A row a posterior of posteriordb: equations and the largest difference."""
    from posterior_cases import LSAT, RADON, SCHOOLS, SEEDS

    record = read("posteriordb/differences.json")
    rows = [
        ["eight_schools (centered, noncentered)", f"`{SCHOOLS}`", f"draws, {sampler}", f"{z:.1f} joint errors"]
        for sampler, z in ((key.split(", ")[1], z) for key, z in record["standard errors"].items())
    ]
    for name, difference in record["log densities"].items():
        radon = re.fullmatch(r"(radon_\w+)-radon_(\w+)", name)
        lines = RADON[radon[2]].equations if radon else SEEDS if name.startswith("seeds") else LSAT
        equations = "; ".join(lines.strip().splitlines())
        both = " (centered, noncentered)" if radon else ""
        rows.append([f"{name}{both}", f"`{equations}`", "log density", f"{difference:.0e}"])
    return markdown(["posterior", "equations", "compared", "largest difference"], rows)


def mutant_counts() -> str:
    """A row a room: mutants there are, drawn, killed, and what became of the others; what changes nothing cannot be."""
    rows = []
    for room, record in read("mutants.json")["rooms"].items():
        found = record["mutants"]
        outcomes = Counter(one["outcome"] for one in found)
        killed = outcomes["killed"] + outcomes["timeout"]
        survived = [one for one in found if one["outcome"] == "survived"]
        run = killed + len(survived)
        row = [f"{record['possible']:,}", str(len(found)), str(outcomes["not reached"]), str(killed)]
        equivalent = sum(one.get("why", "").startswith("equivalent") for one in survived)
        row += [str(len(survived)), str(equivalent), f"{100 * killed / run:.0f} %"]
        row.append(f"{100 * killed / (run - equivalent):.0f} %")
        first = record["at first"]
        row.append(f"{first['killed']} of {first['reached']}")
        rows.append([f"`{room}/`", *row, max(one["date"] for one in found)])
    head = ["room", "possible", "drawn", "not reached", "killed", "survived", "equivalent", "killed of those reached"]
    return markdown([*head, "and not equivalent", "at first", "last run"], rows)


def survivors() -> str:
    """A row a mutant that its room's tests let through, with why."""
    rows = []
    for record in read("mutants.json")["rooms"].values():
        for one in record["mutants"]:
            if one["outcome"] == "survived":
                change = f"{code(one['before'])} to {code(one['after'])}"
                within = f", `{one['within']}`" if one["within"] else ""
                place = f"`{one['path'].removeprefix('bayeshlm/')}`{within}"
                rows.append([place, change, one.get("why", "not explained yet")])
    return markdown(["place", "change", "why no test sees it"], rows)


def code(text: str) -> str:
    """A piece of source in a cell of a table."""
    line = " ".join(text.split()).replace("|", "\\|")
    return f"`{line if len(line) <= 60 else line[:57] + '...'}`"


TABLES: dict[str, Callable[[], str]] = {
    "calibrated": calibrated,
    "seen errors": seen_errors,
    "broken copies": broken_copies,
    "few coverage": few_coverage,
    "few estimates": few_estimates,
    "posteriordb": posterior_db,
    "mutants": mutant_counts,
    "surviving mutants": survivors,
}


def written(text: str) -> str:
    """The page's text with every table anew."""

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}{TABLES[found['name']]()}\n{found[3]}"

    return BLOCK.sub(table, text)


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
