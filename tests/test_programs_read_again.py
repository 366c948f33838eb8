"""The texts written for other programs, read again: the same columns as those of the model that was written."""

import json
import re

import numpy as np
import pytest
from programs_cases import STORED_FILE, TEXTS, dataset_of, hsb60, model_of

import bayeshlm as hlm
from bayeshlm.design import build_design
from bayeshlm.equations import parse

STORED = json.loads(STORED_FILE.read_text(encoding="utf-8"))["cases"]
FORMULAS = [
    (case, form) for case in STORED for form in ("lme4", "nlme", "glmmTMB", "brms") if form in STORED[case]["texts"]
]
BAMBI = re.compile(
    r'(?P<before>.*)^model = bmb\.Model\("(?P<formula>[^"]+)", data, family="(?P<family>\w+)", link="(?P<link>\w+)"\)',
    re.S | re.M,
)


def data_of(case):
    return hsb60() if case in TEXTS else hlm.load_dataset(dataset_of(case))


def ordered(matrix):
    return matrix[:, np.lexsort(matrix.round(8))]


def same_columns(found, expected):
    for one, other in ((found.X, expected.X), (found.Z, expected.Z)):
        assert one.shape == other.shape
        np.testing.assert_allclose(ordered(one), ordered(other), atol=1e-9 * max(1, abs(other).max()))
    for name in ("family", "link"):
        assert getattr(found.spec.distribution, name) == getattr(expected.spec.distribution, name)


def block_sizes(design):
    return sorted(len(block) for blocks in design.spec.blocks_by_grouping for block in blocks)


@pytest.mark.parametrize(("case", "form"), FORMULAS)
def test_formulas_and_calls_of_r(case, form):
    design = model_of(case).design
    found = build_design(parse(STORED[case]["texts"][form]), data_of(case))
    same_columns(found, design)
    assert block_sizes(found) == block_sizes(design)


@pytest.mark.parametrize("case", STORED)
def test_code_of_bambi(case):
    """What stands before the model makes the columns; its formula is read."""
    text = BAMBI.fullmatch(STORED[case]["texts"]["bambi"])
    names = {"data": data_of(case)}
    exec(text["before"].replace("import bambi as bmb", ""), names)
    family = f'{text["family"]}(link = "{text["link"]}")'
    same_columns(build_design(parse(text["formula"], family=family), names["data"]), model_of(case).design)


def readable_by_hlm():
    """Of the gallery the models of nested groupings whose columns HLM has; it prints trials as no text is read."""
    for case in STORED.keys() - TEXTS.keys():
        model = model_of(case)
        nested = all(len(level) == 1 for level in model.spec.level_groupings)
        if nested and model.spec.distribution.family in ("Normal", "Bernoulli", "Poisson"):
            text = model.equations("hlm")
            if "# a column of the data" not in text:
                yield case, text


HLM = sorted(readable_by_hlm())


def test_most_of_the_gallery_is_read_from_hlms_equations():
    assert len(HLM) > 12


@pytest.mark.parametrize(("case", "text"), HLM, ids=[case for case, _ in HLM])
def test_equations_of_hlm(case, text):
    model = model_of(case)
    found = build_design(parse(text), data_of(case), list(model.design.groupings))
    same_columns(found, model.design)
    assert [len(level) for level in found.spec.levels] == [len(level) for level in model.spec.levels]
