"""Measure a fit of rows that stay in a Parquet file, beside a plain GROUP BY of as many sums.

    uv run python tests/benchmarks/tables.py --rows 1e8 --groups 5000
    uv run python tests/benchmarks/tables.py --rows 1e7 --folder /data --out tables.md

DuckDB writes N rows of pupils in J schools, in no order, into a file in a temporary folder. Each in a fresh process,
"group by" reads it once and sums as many products by school as the model's second query; "fit" goes from the start of
Python to the printed posterior; "design" is the part of it that the database does. "peak" is the largest resident
memory of the process. The default needs 24 bytes a row on disk. `--programs` names others: "design" stops after the
model is made, "pandas" makes it of the rows in memory, read from the file, and "spark" by Spark on this machine, whose
start is its "import".
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import combinations_with_replacement
from pathlib import Path

from measure import Phases, Record, cache_environment, machine, markdown_table, peak_mib, run_json, seconds_since_start

EQUATIONS = """
y = b0 + b1*cwc(ses) + b2*minority + b3*cgm(age) + r
b0 = g00 + g01*sector + g02*mean(ses) + u0
b1 = g10 + g11*sector + u1
b2 = g20
b3 = g30
"""
SUMMED = ("ses", "minority", "age", "y")
COLUMNS = {
    "program": "program",
    "rows": "rows",
    "groups": "groups",
    "import": "import s",
    "design": "design s",
    "fit": "fit and print s",
    "total": "total s",
    "peak_mib": "peak MiB",
}
MAKE = """
COPY (
    SELECT school, (school % 2)::TINYINT AS sector, ses::FLOAT AS ses, minority::TINYINT AS minority, age::FLOAT AS age,
        (500 + 3 * sin(school) + (2 + cos(school)) * ses - 2 * minority + 0.5 * (age - 10000) + 6 * z)::FLOAT AS y
    FROM (
        SELECT floor(random() * {groups})::INTEGER AS school, (random() < 0.3)::INTEGER AS minority,
            sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS ses,
            10000 + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS age,
            sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS z
        FROM range({rows})
    )
) TO '{file}'
"""


def main() -> int:
    """Measure one program in this process, or write the file and measure each in a process of its own."""
    options = _options()
    if options.run:
        program, file = options.run
        print(json.dumps(PROGRAMS[program](Path(file), options.memory)))
        return 0
    parts = [f"{machine()}; DuckDB may take {options.memory}."]
    print(parts[0], file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "pupils.parquet"
        rows, groups = int(options.rows), int(options.groups)
        _connection(options.memory).raw_sql(MAKE.format(rows=rows, groups=groups, file=file))
        parts[0] += f" The file has {file.stat().st_size / 2**20:,.0f} MiB."
        environment = cache_environment(options.caches / "tables")
        small = Path(folder) / "small.parquet"
        _connection(options.memory).raw_sql(MAKE.format(rows=4000, groups=50, file=small))
        records: list[Record] = []
        for program in options.programs:
            command = [sys.executable, __file__, f"--memory={options.memory}", "--run", program]
            if program == "fit":
                run_json([*command, str(small)], environment)  # compiles what is cached
            records.append({"program": program, "rows": rows, "groups": groups})
            records[-1] |= run_json([*command, str(file)], environment)
            print(records[-1], file=sys.stderr, flush=True)
    parts.append(markdown_table(records, COLUMNS))
    text = "\n\n".join(parts)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", nargs=2, metavar=("PROGRAM", "FILE"), help="one program, in this process")
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=["group by", "fit"])
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--groups", type=float, default=5000)
    parser.add_argument("--memory", default="2GB", help="limit of DuckDB (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the file is written for the time of the measurement")
    parser.add_argument("--caches", type=Path, default=Path(tempfile.gettempdir()) / "bayeshlm-benchmarks")
    parser.add_argument("--out", type=Path, help="also write the report to this file")
    return parser.parse_args()


def _connection(memory: str):
    import ibis

    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET memory_limit = '{memory}'")
    return connection


def group_by(file: Path, memory: str) -> Record:
    """One query: a count, sums, and sums of all products, by school."""
    phases = Phases()
    with phases("design"):
        table = _connection(memory).read_parquet(str(file))
        names = (*SUMMED, "sector")
        wanted = {f"s_{name}": table[name].cast("float64").sum() for name in names}
        for one, other in combinations_with_replacement(SUMMED, 2):
            wanted[f"{one}_{other}"] = (table[one].cast("float64") * table[other].cast("float64")).sum()
        found = table.group_by("school").aggregate(n=table.count(), **wanted).to_pyarrow()
    assert found.num_columns == 2 + len(wanted)
    return {**phases, "total": seconds_since_start(), "peak_mib": peak_mib()}


def fit(file: Path, memory: str) -> Record:
    """From the start of Python to the printed posterior."""
    phases = Phases()
    with phases("import"):
        import bayeshlm as hlm
    with phases("design"):
        model = hlm.Model(EQUATIONS, _connection(memory).read_parquet(str(file)), "school")
    with phases("fit"):
        print(model.fit(seed=1, progress=False))
    return {**phases, "total": seconds_since_start(), "peak_mib": peak_mib()}


def design(file: Path, memory: str) -> Record:
    """The model alone."""
    phases = Phases()
    with phases("import"):
        import bayeshlm as hlm
    with phases("design"):
        hlm.Model(EQUATIONS, _connection(memory).read_parquet(str(file)), "school")
    return {**phases, "total": seconds_since_start(), "peak_mib": peak_mib()}


def pandas(file: Path, memory: str) -> Record:
    """The model alone, of the rows in memory."""
    phases = Phases()
    with phases("import"):
        import pandas as pd

        import bayeshlm as hlm
    with phases("design"):
        hlm.Model(EQUATIONS, pd.read_parquet(file), "school")
    return {**phases, "total": seconds_since_start(), "peak_mib": peak_mib()}


def spark(file: Path, memory: str) -> Record:
    """The model alone, by Spark in local mode, whose own process is not in the peak."""
    phases = Phases()
    with phases("import"):
        import ibis
        from pyspark.sql import SparkSession

        import bayeshlm as hlm

        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.host", "127.0.0.1").config(
            "spark.driver.memory", memory.replace("B", "")
        )
        session = builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
        connection = ibis.pyspark.connect(session)
    with phases("design"):
        hlm.Model(EQUATIONS, connection.read_parquet(str(file)), "school")
    session.stop()
    return {**phases, "total": seconds_since_start(), "peak_mib": peak_mib()}


PROGRAMS = {"group by": group_by, "fit": fit, "design": design, "pandas": pandas, "spark": spark}

if __name__ == "__main__":
    sys.exit(main())
