"""Results as the plain values of JSON files: what the command line's files have in common."""

from __future__ import annotations

import json
import math
from typing import Any

from bayeshlm.design.design import Design
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.equations import render


def model_values(design: Design) -> dict[str, Any]:
    """What a file says of the model and its data."""
    return {
        "equations": render(design.spec, "levels", design.groupings),
        **_lme4(design),
        **({} if design.weights is None else {"weights": design.weights.survey.to_dict()}),
        "n_obs": design.n_obs,
        "rows_dropped": design.rows_dropped,
        "missing": dict(design.left_out.columns),
        "groups_dropped": list(design.left_out.groups),
        "notes": list(data_notes(design)),
        "groups": {term.grouping: len(term.labels) for term in design.predictor.random},
    }


def _lme4(design: Design) -> dict[str, str]:
    """The model as lme4's formula; nothing where level-1 SDs are known or have an equation, or residuals correlate."""
    if design.outcome.residuals.known or design.outcome.residuals.modeled:
        return {}
    return {"lme4": render(design.spec, "lme4", design.groupings, design.coded)}


def json_text(content: dict[str, Any]) -> str:
    """The text of a JSON file."""
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def finite(value: Any) -> Any:
    """The same value with every number that JSON cannot hold replaced by None."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
