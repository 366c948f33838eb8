"""Names and labels of users do nothing: neither to a terminal nor in a spreadsheet."""

import csv
import io
import unicodedata

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import bayeshlm as hlm
from bayeshlm.commands.cli import main
from bayeshlm.foreign_text import no_formulas, printable

CLEAR = "\x1b[2J"
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1"]
EQUATIONS = f"`pain{CLEAR}` = b0 + b1*`dose{CLEAR}` + b2*C(arm) + r; b0 = g00 + u0; b1 = g10; b2 = g20"


def wards():
    rng = np.random.default_rng(7)
    ward = np.repeat([f"w{CLEAR}\r{k}\n" for k in range(6)], 6)
    frame = pd.DataFrame(
        {f"ward{CLEAR}": ward, f"dose{CLEAR}": rng.normal(size=36), f"pain{CLEAR}": rng.normal(size=36)}
    )
    frame["arm"] = np.resize(["new", f"old{CLEAR}\n\x9b2J", "none"], 36)
    frame.loc[6:11, f"dose{CLEAR}"] = np.nan
    return frame


def harmless(text):
    return all(char == "\n" or unicodedata.category(char) != "Cc" for char in text)


@given(st.text())
def test_printable_text_obeys_nobody_and_the_rest_stays(text):
    written = printable(text, one_line=True)
    assert not [char for char in written if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(written) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    written.encode("utf-8")  # no lone surrogate is left
    if text.isprintable():
        assert written == text


def test_every_table_and_the_model_on_a_terminal():
    model = hlm.Model(EQUATIONS, wards(), group=f"ward{CLEAR}")
    reml = model.reml()
    table = hlm.table(reml)
    assert all(map(harmless, (str(model), str(model.priors), str(reml), table.to_text(), table.to_markdown())))
    assert "dose\\x1b[2J" in str(reml)
    assert "old\\x1b[2J\\n\\x9b2J" in str(reml)
    assert "w\\x1b[2J\\r1" in str(reml)


@pytest.mark.parametrize(
    ("change", "equations"),
    [
        ({}, f"`{CLEAR}` + r"),
        ({}, EQUATIONS.replace("dose", "doze")),
        ({f"pain{CLEAR}": 3}, EQUATIONS),
        ({f"dose{CLEAR}": 3.0}, EQUATIONS),
        ({f"ward{CLEAR}": f"w{CLEAR}"}, EQUATIONS),
    ],
)
def test_every_error(change, equations):
    with pytest.raises(hlm.HLMError) as caught:
        hlm.Model(equations, wards().assign(**change), group=f"ward{CLEAR}")
    assert harmless(str(caught.value))


def test_a_warning():
    frame = wards().assign(**{f"dose{CLEAR}": 1000 + np.arange(36.0)})
    with pytest.warns(hlm.ModelWarning) as caught:
        hlm.Model(EQUATIONS.replace("b1 = g10", "b1 = g10 + u1"), frame, group=f"ward{CLEAR}")
    assert all(harmless(str(warning.message)) for warning in caught)


def test_the_command_line(ward_study, capsys):
    wards = pd.read_csv(ward_study / "wards.csv").rename(columns={"dose": f"dose{CLEAR}"})
    wards.to_csv(ward_study / "wards.csv", index=False)
    path = ward_study / "model.toml"
    path.write_text(path.read_text().replace("dose", "`dose\\u001b[2J`"))
    assert main(["equations", str(path)]) == 0
    assert main(["reml", str(path)]) == 0
    path.write_text(path.read_text().replace("dose", "doze"))
    assert main(["equations", str(path)]) == 2
    out, err = capsys.readouterr()
    assert "dose\\x1b[2J" in out
    assert "doze\\x1b[2J" in err
    assert harmless(out + err)


def test_no_cell_of_a_table_is_a_formula():
    index = pd.MultiIndex.from_product([FORMULAS, ["b0", "=b1"]], names=["@ward", "coefficient"])
    table = pd.DataFrame({"mean": -1.5, "=n": 2, "text": FORMULAS[0], "kind": pd.Categorical(["+x"] * 14)}, index)
    rows = list(csv.reader(io.StringIO(no_formulas(table).to_csv())))
    assert rows[0] == ["'@ward", "coefficient", "mean", "'=n", "text", "kind"]
    assert [row[0] for row in rows[1::2]] == ["'" + text.replace("\r", "\n") for text in FORMULAS]
    assert rows[2][1:] == ["'=b1", "-1.5", "2", f"'{FORMULAS[0]}", "'+x"]


def test_numbers_stay_numbers():
    table = pd.DataFrame({"x": [-1.5, 2.0], "code": ["-1", "+2.5e3"]}, pd.Index([-7, 8], name="ward"))
    pd.testing.assert_frame_equal(no_formulas(table), table)
