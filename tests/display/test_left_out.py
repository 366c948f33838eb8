"""What a model does not see is said: missing values by column, lost groups by name; two values, two groups."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.commands.reml_file import reml_summary
from bayeshlm.design.left_out import LeftOut
from bayeshlm.display.left_out_notes import data_notes
from bayeshlm.display.model_view import model_html

EQUATIONS = "pain = b0 + b1*dose + r; b0 = g00 + g01*beds + u0; b1 = g10"


def wards(n_groups=6, binary=False):
    rng = np.random.default_rng(4)
    ward = np.repeat([f"K{k:02}" for k in range(n_groups)], 5)
    frame = pd.DataFrame({"ward": ward, "dose": rng.normal(size=ward.size), "pain": rng.normal(size=ward.size)})
    frame["beds"] = frame["ward"].str[1:].astype(float) ** 2
    return frame.assign(pain=frame["pain"] > 0) if binary else frame


@pytest.fixture
def lossy():
    """Six wards: one loses all its rows to two columns, one its level-2 value, three rows name no ward."""
    frame = wards()
    frame.loc[5:7, "dose"] = np.nan
    frame.loc[7:9, "pain"] = np.nan
    frame.loc[frame["ward"] == "K04", "beds"] = np.nan
    frame.loc[[0, 1, 29], "ward"] = None
    return hlm.Model(EQUATIONS, frame, group="ward")


LOST = "2 of 6 groups have no complete row and are not in the model: ward K01, K04."
COUNTS = "13 rows with missing values dropped (ward 3, pain 3, dose 3, beds 5)"


def test_missing_values_are_counted_by_column_and_lost_groups_named(lossy):
    assert lossy.design.rows_dropped == 13
    assert lossy.design.left_out == LeftOut((("ward", 3), ("pain", 3), ("dose", 3), ("beds", 5)), ("K01", "K04"))


def test_every_face_says_so(lossy):
    reml = lossy.reml()
    for text in (str(lossy), model_html(lossy.design, lossy.priors), str(reml)):
        assert COUNTS in text
        assert LOST in text.replace("\n", " ")
        assert "3 rows name no group (ward)" in text.replace("\n", " ")
    model = json.loads(json.dumps(reml_summary(reml)))["model"]
    assert model["missing"] == {"ward": 3, "pain": 3, "dose": 3, "beds": 5}
    assert model["groups_dropped"] == ["K01", "K04"]
    assert model["notes"] == list(data_notes(lossy.design))


def test_complete_data_are_no_reason_for_a_note():
    model = hlm.Model(EQUATIONS, wards(12), group="ward")
    assert model.design.left_out == LeftOut()
    assert data_notes(model.design) == ()
    assert "Note" not in str(model) + str(model.reml())


def test_more_lost_groups_than_can_be_named_are_counted():
    frame = wards(20)
    frame.loc[frame["ward"] >= "K04", "pain"] = None
    (note,) = data_notes(hlm.Model(EQUATIONS, frame, group="ward").design)
    assert note.startswith("16 of 20 groups have")
    assert note.endswith("ward K04, K05, K06, K07, K08, K09, K10, K11, K12, K13 and 6 more.")


def test_an_outcome_of_two_values_and_two_groups_are_remarked(caplog):
    caplog.set_level(logging.INFO, "bayeshlm")
    with pytest.warns(hlm.ModelWarning, match="is 0 or 1"):
        notes = data_notes(hlm.Model(EQUATIONS, wards(binary=True), group="ward").design)
    assert len(notes) == 1
    assert notes[0].startswith("The outcome pain has only the values 0 and 1.")
    two = data_notes(hlm.Model("pain = b0 + r; b0 = g00 + u0", wards(2), group="ward").design)
    assert len(two) == 1
    assert two[0].startswith("Two groups say next to nothing of the variance between groups")
    assert [record.message for record in caplog.records] == [*notes, *two]
