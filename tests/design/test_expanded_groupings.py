"""Equations of several groupings written out: one term a contrast, at any level."""

import numpy as np
import pandas as pd
import pytest

import bayeshlm as hlm
from bayeshlm.design.expanded import expanded_spec
from bayeshlm.equations.product import LEVEL, Call, Product

NESTED = """y = p0 + p1*x + p2*dose + e
p0 = b00 + b01*sex + r0
p1 = b10 + b11*sex + r1
p2 = b20
b00 = g000 + g001*kind + u00
b01 = g010 + g011*kind + u01
b10 = g100
b11 = g110
b20 = g200 + g201*kind"""
CROSSED = """y = b0 + b1*dose + e
b0 = g00 + g01*kind + u0[child] + v0[school]
b1 = g10 + g11*kind + u1[child]
cov(u0, u1) = 0"""


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    child = np.repeat(np.arange(40), 6)
    school = child // 4
    data = pd.DataFrame({"child": child, "school": school, "x": rng.normal(size=240), "y": rng.normal(size=240)})
    data["dose"] = rng.choice(["new", "old", "usual"], 240)
    data["sex"] = np.array(["f", "m", "d"])[rng.integers(0, 3, 40)[child]]
    data["kind"] = np.array(["Catholic", "private", "public"])[school % 3]
    return data


def model_of(equations, data):
    return hlm.Model(equations, data, ["child", "school"] if equations == NESTED else None)


@pytest.mark.parametrize("equations", [NESTED, CROSSED])
def test_written_out_equations_multiply_out_to_the_columns_of_X_and_Z(equations, data):
    design = model_of(equations, data).design
    frame = design.frame

    def values(expression: Product) -> np.ndarray:
        made = np.ones(len(frame))
        for factor in expression.factors:
            if isinstance(factor, Call):
                assert factor.function == LEVEL
                made *= frame[factor.argument.factors[0].name] == dict(factor.options)["level"]
            else:
                made *= frame[factor.name]
        return made

    spec = expanded_spec(design)
    assert sorted(spec.fixed) == sorted(design.fixed_labels)
    assert sorted(spec.random) == sorted(design.random_labels)
    paths = spec.paths
    for labels, matrix in ((design.fixed_labels, design.X), (design.random_labels, design.Z)):
        columns = [np.prod([values(one) for one in paths[label].expressions], axis=0) for label in labels]
        np.testing.assert_array_equal(np.column_stack(columns), matrix)
    for k, term in enumerate(design.predictor.random):
        assert [paths[column.label].grouping for column in term.columns] == [k] * len(term.columns)
        assert {label for block in spec.blocks_by_grouping[k] for label in block} == {one.label for one in term.columns}


def test_latex_and_mathml_have_a_coefficient_for_each_contrast(data):
    model = model_of(NESTED, data)
    latex, mathml = model.equations("latex"), model.equations("mathml")
    assert r"\mathbf{1}(\text{sex}_{jk} = \text{m})" in latex
    assert r"\mathbf{1}(\text{kind}_{k} = \text{public})" in latex
    assert latex.count(r"\gamma_{011") == 4  # two sexes times two kinds
    assert latex.count(r"\mathbf{1}(\text{dose}_{ijk}") == 2
    for reference in ("dose: new", "sex: d", "kind: Catholic"):
        assert f"reference of {reference}" in latex
    names, body = ("sex", "kind", "dose"), mathml.partition(">")[2]  # without the text for those who do not see it
    assert [body.count(name) for name in names] == [latex.count(name) for name in names]
    assert model.equations("levels") == hlm.Model(model.equations("levels"), data, ["child", "school"]).equations(
        "levels"
    )
    formula = model.equations("lme4")
    assert formula.endswith("(1 + x | child) + (1 + sex | school)")


def test_without_categories_there_is_nothing_to_write_out(data):
    equations = NESTED.replace("sex", "size").replace("kind", "beds").replace("dose", "z")
    numbers = data.assign(size=data["child"] * 0.1, beds=data["school"] * 1.5, z=data["x"] ** 2)
    design = model_of(NESTED, data).design
    assert expanded_spec(design) != design.spec
    design = hlm.Model(equations, numbers, ["child", "school"]).design
    assert expanded_spec(design) == design.spec
