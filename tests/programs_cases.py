"""The models that R's programs and bambi fitted from the texts written for them, on data that both sides make alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from gallery_models import KNOWN_SD, LEVEL1

import bayeshlm as hlm
from bayeshlm.faces.gallery import gallery_names, read_model_file

REFERENCES = Path(__file__).parent / "references"
STORED_FILE = REFERENCES / "programs.json"
FORMS = ("lme4", "nlme", "glmmTMB", "brms", "bambi")
LEFT_OUT = ("hsb-one", "hsb-cov", "lee", "hsb-mean", *KNOWN_SD, *LEVEL1)
GALLERY = [name for name in gallery_names() if not name.startswith(LEFT_OUT)]
TEXTS = {
    "text": "mathach = b0 + b1*sex + b2*cwc(ses) + r; b0 = g00 + g01*kind + u0; b1 = g10; b2 = g20 + g21*kind + u2",
    "sum coding": "mathach = b0 + b1*C(third, sum) + r; b0 = g00 + u0; b1 = g10",
    "reference": 'mathach = b0 + b1*C(third, ref="top")*ses + b2*C(third, ref="top") + b3*ses + r; b0 = g00 + u0;'
    " b1 = g10; b2 = g20; b3 = g30 + u3",
    "independent": "mathach = b0 + b1*cgm(ses) + b2*female + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2;"
    " cov(u0, u1, u2) = 0",
    "blocks": "mathach = b0 + b1*ses + b2*female + r; b0 = g00 + u0; b1 = g10 + u1; b2 = g20 + u2;"
    " cov(u0, u1) = 0; cov(u0, u2) = 0",
    "categories that vary": "mathach = b0 + b1*third + r; b0 = g00 + u0; b1 = g10 + u1; cov(u0, u1) = 0",
    "missing": "mathach = b0 + b1*cwc(gap) + r; b0 = g00 + g01*mean(gap) + u0; b1 = g10",
    "functions": "mathach = b0 + b1*log(size)*ses + b2*scale(ses) + b3*poly(ses, 2, raw=True)*female + r;"
    " b0 = g00 + g01*scale(log(size)) + u0; b1 = g10; b2 = g20; b3 = g30",
    "means of schools": "mathach = b0 + b1*cwc(ses) + r; b0 = g00 + g01*cgm(mean(ses)) + g02*cgm(size) + u0;"
    " b1 = g10 + u1",
    "no intercept": "mathach = b1*C(third) + b2*ses + r; b1 = g10; b2 = g20 + u2",
    "logical": "mathach = b0 + b1*black*ses + b2*ses + r; b0 = g00 + u0; b1 = g10; b2 = g20",
    "offset": "mathach = b0 + b1*ses + offset(shift) + r; b0 = g00 + u0; b1 = g10",
}
"""Of the first 60 schools of hsb, with columns of text, logical values and missing values."""


def hsb60() -> pd.DataFrame:
    """The data of `TEXTS`, which programs.R makes too."""
    data = hlm.load_dataset("hsb")
    data = data[data["school"].isin(data["school"].unique()[:60])].reset_index(drop=True)
    return data.assign(
        sex=np.where(data["female"] == 1, "F", "M"),
        third=np.select([data["ses"] < -0.4, data["ses"] < 0.4], ["low", "mid"], "top"),
        black=data["minority"] == 1,
        kind=np.where(data["sector"] == 1, "Catholic", "Public"),
        gap=data["ses"].where(np.arange(len(data)) % 7 != 3),
        shift=data["ses"] / 2 + data["female"],
    )


def model_of(case: str) -> hlm.Model:
    """The model of a case: of the gallery, or of `TEXTS`."""
    return hlm.Model(TEXTS[case], hsb60(), "school") if case in TEXTS else hlm.open_model(case)


def written(case: str) -> dict[str, str]:
    """The texts of a case; without those that are refused."""
    model, found = model_of(case), {}
    for form in FORMS:
        try:
            found[form] = model.equations(form)
        except hlm.EquationError:
            continue
    return found


def dataset_of(case: str) -> str:
    """The data set of a case."""
    return "hsb60" if case in TEXTS else str(read_model_file(case).dataset)


if __name__ == "__main__":  # the texts alone, for programs.R and programs_bambi.py to fit
    cases = {case: {"data": dataset_of(case), "texts": written(case)} for case in (*TEXTS, *GALLERY)}
    STORED_FILE.write_text(json.dumps({"cases": cases}, indent=1) + "\n", encoding="utf-8")
