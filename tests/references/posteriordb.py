"""Write the data and reference moments of posteriordb that `tests/posteriordb` compares with, from a clone of it.

    python tests/references/posteriordb.py PATH_OF_CLONE

posteriordb (Magnusson, Torgander, Buerkner, Zhang, Carpenter & Vehtari 2024), github.com/stan-dev/posteriordb, commit
28f8d3d6e975315f42aa274a8399f21e07a43b30 of 2025-04-29, license BSD 3-Clause, copyright (c) 2011-2024, Stan Developers
and their Assignees. The radon measurements are those of Gelman & Hill (2006), of the US Environmental Protection
Agency, the answers to the Law School Admission Test those of Bock & Lieberman (1970). The reference draws are 10 chains
of 1000 by rstan 2.21.1, every tenth kept, with effective sizes of 9533 to 10095.
"""

import io
import json
import lzma
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

OUT = Path(__file__).parent / "posteriordb"
COLUMNS = {"county_idx": "county", "log_uppm": "log_uppm", "floor_measure": "floor", "log_radon": "log_radon"}


def read(clone, path):
    """The JSON inside of a zip file of the database."""
    with zipfile.ZipFile(io.BytesIO((clone / "posterior_database" / f"{path}.json.zip").read_bytes())) as archive:
        return json.loads(archive.read(archive.namelist()[0]))


def main(clone):
    """Write three tables and the moments of the eight schools."""
    OUT.mkdir(exist_ok=True)
    for name in ("radon_mn", "radon_all"):
        data = read(clone, f"data/data/{name}")
        table = pd.DataFrame({new: data[old] for old, new in COLUMNS.items()})
        (OUT / f"{name}.csv.xz").write_bytes(lzma.compress(table.to_csv(index=False).encode(), preset=9))
    data = read(clone, "data/data/lsat_data")
    patterns = pd.DataFrame(data["response"], columns=[f"item{k}" for k in range(1, 6)])
    patterns.assign(persons=np.diff([0, *data["culm"]])).to_csv(OUT / "lsat.csv", index=False)
    chains = read(clone, "reference_posteriors/draws/draws/eight_schools-eight_schools_noncentered")
    moments = {}
    for name in chains[0]:
        x = np.concatenate([chain[name] for chain in chains])
        moments[name] = {
            power: {"mean": float((x**k).mean()), "se": float((x**k).std(ddof=1) / np.sqrt(9500))}
            for k, power in ((1, "first"), (2, "second"))
        }
    (OUT / "eight_schools.json").write_text(json.dumps(moments, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
