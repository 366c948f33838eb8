"""Labels of data: what looks the same is not two groups, what is no text is refused, no label leaves its comment."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm

EQUATIONS = "y = b0 + b1*x + b2*C(arm) + r; b0 = g00 + u0; b1 = g10; b2 = g20"
HOSTILE = ["z\"'); import os\n#", "zb;run;x \"'*/ //`$(touch x)", "zc\\", "z\r\nquit\n", 'z"\'z`"', "z%s{}$_^&#~"]


def frame(label="z", column="arm"):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"g": np.repeat(list("abcdef"), 6), "x": rng.normal(size=36), "y": rng.normal(size=36)})
    table["arm"] = np.resize(["b", "q", "z"], 36)
    return table.astype({"g": object, "arm": object}).assign(
        **{column: lambda t: t[column].where(~t[column].isin(["z", "f"]), label)}
    )


@pytest.mark.parametrize("column", ["g", "arm"])
def test_one_label_in_two_spellings_is_refused(column):
    table = frame("Zo\u00eb", column)
    table.loc[table.index[table[column] == "Zo\u00eb"][0], column] = "Zoe\u0308"
    with pytest.raises(
        hlm.DataError, match=rf"column '{column}' holds 'Zoë' in two spellings of Unicode|str.normalize"
    ):
        hlm.Model(EQUATIONS, table, "g")
    table[column] = table[column].str.normalize("NFC")
    assert hlm.Model(EQUATIONS, table, "g").design.n_groups == 6


@pytest.mark.parametrize("column", ["g", "arm"])
def test_text_that_is_no_unicode_is_refused(column):
    with pytest.raises(hlm.DataError, match=f"column '{column}' holds text that is no Unicode"):
        hlm.Model(EQUATIONS, frame("\ud800", column), "g")


@pytest.mark.parametrize("label", HOSTILE)
def test_no_label_becomes_code_of_the_programs_that_are_written(label):
    model = hlm.Model(EQUATIONS, frame(label), "g")
    code = ast.parse(model.equations("bambi"))
    assert {type(node) for node in code.body} == {ast.Import, ast.Assign}
    assert [name.name for node in code.body if isinstance(node, ast.Import) for name in node.names] == ["bambi"]
    assert label in [node.value for node in ast.walk(code) if isinstance(node, ast.Constant)]
    for form, comment in (("hlm", "#"), ("mplus", "!")):
        about = [line for line in model.equations(form).splitlines() if re.search("is 1 where arm is", line)]
        assert len(about) == 2
        assert all(line.startswith(comment) and line.endswith(", else 0") for line in about)
    sas = model.equations("sas")
    assert f"(arm = '{label.replace("'", "''")}')" in sas
    if re.search("[`$\n]|\"'", label):
        with pytest.raises(hlm.EquationError, match=r"Stata has no text such as .* rename this category of arm"):
            model.equations("stata")
    else:
        assert f'(arm == `"{label}"\')' in model.equations("stata")


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>', "&lt;"])
def test_html_and_latex_show_a_label_and_do_not_obey_it(label):
    model = hlm.Model(EQUATIONS, frame(label), "g")
    reml = model.reml()
    for page in (model._repr_html_(), reml._repr_html_(), hlm.table(reml)._repr_html_(), model.equations("mathml")):
        assert not re.search(r"<(script|img|b)\b", page)
    grouped = hlm.Model(EQUATIONS, frame(label, "g"), "g").reml().group_coefficients()._repr_html_()
    assert label not in grouped or label == "&lt;"


@pytest.mark.parametrize("label", ["\\input{/etc/passwd}", "$\\write18{x}$", "a%b", "}\\end{table}"])
def test_latex_shows_a_label_and_does_not_obey_it(label):
    model = hlm.Model(EQUATIONS, frame(label), "g")
    for text in (hlm.table(model.reml()).to_latex(), model.equations("latex")):
        assert not re.search(r"\\(input|write18)|(?<!\\)%b|\}\\end\{table\}\}", text)
