"""Mutated equations in every notation give a model or one `EquationError`, in time; what was read is written again."""

import sys

import numpy as np
import pytest
from amounts import amount
from mutations import at_most, mutated_text

import bayeshlm as hlm
from bayeshlm.equations import render
from bayeshlm.equations.render import WRITTEN

FORMS = [writer.name for writer in WRITTEN]
LONGEST_MESSAGE = 3000


@pytest.fixture(scope="module")
def texts():
    """The gallery's models in all forms that have them."""
    found = []
    for name in hlm.gallery_names():
        model = hlm.open_model(name)
        for form in FORMS:
            try:
                found.append(model.equations(form))
            except hlm.HLMError:
                continue
    assert len(found) > 300
    return found


def parsed(text):
    try:
        with at_most(5):
            return hlm.parse(text)
    except hlm.HLMError as error:
        message = str(error)
    assert len(message) < LONGEST_MESSAGE
    return None


def written(spec, form):
    try:
        with at_most(5):
            return render(spec, form)
    except hlm.HLMError:
        return None


def said(spec):
    """What a specification says: each effect by what multiplies it and its grouping, in whatever order."""
    return sorted(
        (
            *sorted(map(str, path.product.factors)),
            "" if path.grouping is None else f"by {spec.groupings[path.grouping]}",
        )
        for path in (*spec.fixed_paths, *spec.random_paths)
    )


@pytest.mark.parametrize("slice_", range(amount(1, 10)))
def test_mutated_equations(slice_, texts):
    rng, read = np.random.default_rng(slice_), 0
    for _ in range(amount(800, 5000)):
        text = mutated_text(texts[int(rng.integers(len(texts)))], texts, rng)
        spec = parsed(text)
        if spec is None:
            continue
        read += 1
        forms = {form: written(spec, form) for form in FORMS}
        again = None if forms["levels"] is None else parsed(forms["levels"])
        if again is not None:
            assert said(again) == said(spec), text
    assert read > 0


@pytest.mark.parametrize(
    "text",
    [
        "y = b0 + r; b0 = g00 + __import__('os').system('true')",
        "y ~ eval('1') + (1 | g)",
        "y ~ x.__class__ + (1 | g)",
        "y = b0 + b1*().__class__ + r; b0 = g00 + u0; b1 = g10",
        "bmb.Model('y ~ 1 + (1|g)', open('/etc/passwd'))",
        "import bambi as bmb; bmb.Model(exec('1'), data)",
        "y ~ I(open('/etc/passwd').read()) + (1 | g)",
        "%include '/etc/passwd'; PROC MIXED; MODEL y = x; RUN;",
        "\\input{/etc/passwd}",
    ],
)
def test_nothing_is_evaluated_opened_or_connected_to(text):
    """Python's audit events say whatever is compiled, run, opened or connected to."""
    seen = []
    hlm.parse("y = b0 + r; b0 = g00 + u0")
    parsed(text)  # modules are imported
    listening = True

    def listen(event, arguments):
        if listening and event.split(".")[0] in ("compile", "exec", "open", "os", "subprocess", "socket", "import"):
            seen.append((event, str(arguments)[:100]))

    sys.addaudithook(listen)
    parsed(text)
    listening = False
    assert seen == []
