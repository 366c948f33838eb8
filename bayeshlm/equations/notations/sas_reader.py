"""SAS's PROC MIXED and PROC GLIMMIX -> ModelSpec: the CLASS, MODEL and RANDOM statements."""

from __future__ import annotations

import re

from bayeshlm.equations.distribution import NORMAL
from bayeshlm.equations.notations.formula_lines import formula_spec
from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor
from bayeshlm.equations.notations.program_tokens import nearest, program_tokens, skip_value, word
from bayeshlm.equations.notations.sas_effects import SasVariables, read_class
from bayeshlm.equations.notations.sas_model import SasModel, read_model
from bayeshlm.equations.notations.sas_random import read_random
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError

_BLANK = re.compile(r"[\s\ufeff\u200b\u2060]+")
_COMMENT = re.compile(r"(?:(?<=;)|\A)\s*\*[^;]*;")
_PROC = re.compile(r"(?:\A|;)\s*proc[ \t]+[a-z]\w*\b(?!\s*=)", re.IGNORECASE)
_MODEL = re.compile(r"(?:\A|;)\s*model\s+[a-z_]\w*(?:\s*/\s*\w+|\s*\([^)]*\))?\s*=[^;]*;", re.IGNORECASE)
_RANDOM = re.compile(r"(?:\A|;)\s*(?:random|class)\s+[a-z_]", re.IGNORECASE)
_PROCEDURES = ("mixed", "glimmix", "hpmixed")
_IGNORED = (
    "estimate", "contrast", "lsmeans", "lsmestimate", "ods", "title", "title1", "title2", "footnote", "id", "run",
    "quit", "store", "output", "slice", "covtest", "nloptions", "parms", "label", "test", "options", "show",
)  # fmt: skip
_REFUSED = {
    "repeated": "covariances of residuals are not estimated here: leave the REPEATED statement out",
    "weight": "weights are not supported: leave the WEIGHT statement out",
    "freq": "counts of rows are not read: repeat the rows in the data",
    "by": "one model is fitted at a time: fit it to each part of the data",
    "where": "rows are chosen in the data: leave the WHERE statement out, and pass the rows that are meant",
    "prior": "priors are given as priors=, not in the text: leave the PRIOR statement out",
    "effect": "splines are written bs(x, df=4) in level equations: EFFECT statements are not read",
    "format": "formats change the categories and their order: make the column in the data first",
}
_PROC_OPTIONS = {
    "order": "the order of categories is that of their values, as SAS has it by default: leave `order=` out, and name a"
    " reference in CLASS, race(ref='White')",
    "nobound": "variances are not below zero here: leave `nobound` out",
}


def is_sas(text: str) -> bool:
    """Whether a text is a program of SAS: it begins with PROC, or has a MODEL and a RANDOM or CLASS statement.

    Examples
    --------
    >>> is_sas("proc mixed; class school; model y = x; random int / subject=school; run;")
    True
    >>> is_sas("model y = x; random intercept / subject=school;"), is_sas("y = b0 + r; b0 = g00 + u0")
    (True, False)
    """
    plain = _without_comments(text)
    return _PROC.search(plain) is not None or bool(_MODEL.search(plain) and _RANDOM.search(plain))


def read_sas(text: str) -> ModelSpec:
    """Read the statements of PROC MIXED, or of PROC GLIMMIX, which may name a distribution.

    Statements and options that ask for output or choose how to estimate are passed over; those that would make it
    another model are errors. Covariances of random effects are zero unless ``type=un``, as in SAS. The reference of a
    category is its last level, ``C(x, last)``, unless CLASS names another.

    Parameters
    ----------
    text : str
        Up to 100,000 characters; the PROC statement and RUN may be left out.

    Returns
    -------
    ModelSpec
        With all terms in level 1; the data sort them by level.

    Raises
    ------
    EquationError
        With the place in the program.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_sas('''
    ...     proc mixed data=hsb covtest noclprint;
    ...       class school;
    ...       model mathach = ses / solution ddfm=bw;
    ...       random intercept ses / subject=school type=un;
    ...     run;''')))
    mathach = b0 + b1*ses + r
    b0 = g00 + u0[school]
    b1 = g10 + u1[school]
    """
    cursor = FormulaCursor(text, program_tokens(_without_comments(text), _BLANK))
    procedure = _read_proc(cursor)
    variables, model = SasVariables(), None
    bars: list[Bar] = []
    while (token := cursor.peek()) is not None:
        statement = word(token)
        if cursor.take_if(";"):
            continue
        if statement == "class":
            read_class(cursor, variables)
        elif statement == "model":
            if model is not None:
                raise cursor.error("there are two MODEL statements: leave one out")
            model = read_model(cursor, variables, procedure)
        elif statement == "random":
            bars += read_random(cursor, variables)
        elif statement in _IGNORED:
            _skip_statement(cursor)
        elif statement in _REFUSED:
            raise cursor.error(_REFUSED[statement])
        elif statement in ("proc", "data"):
            raise cursor.error("one procedure is read: leave what follows out")
        else:
            known = nearest(statement, ("class", "model", "random", *_IGNORED))
            raise cursor.error(f"`{token.value}` is no statement of PROC MIXED or GLIMMIX that is read{known}")
        if not cursor.at(";") and cursor.peek() is not None:
            raise cursor.error("a `;` is missing before this")
    return _specification(text, cursor, model, bars)


def _specification(text: str, cursor: FormulaCursor, model: SasModel | None, bars: list[Bar]) -> ModelSpec:
    end = (cursor.last_end, cursor.last_end + 1)
    if model is None:
        raise cursor.error("the MODEL statement is missing: `model y = x;`", end)
    if not bars:
        message = "no RANDOM statement, so this is an ordinary regression: add `random intercept / subject=school;`"
        raise cursor.error(message, end)
    intercept = [] if model.no_intercept else [Variables()]
    terms = [*intercept, *model.terms]
    if not terms and model.distribution == NORMAL:
        raise equation_error(text, model.span, "the model has no fixed effect: leave `noint` out")
    return formula_spec(text, model.outcome, terms, bars, model.offsets, model.distribution, model.span)


def _without_comments(text: str) -> str:
    """The text with spaces over ``/* ... */`` and over the statements that are comments, ``* ...;``."""
    parts, position = [], 0
    while (start := text.find("/*", position)) >= 0 and (end := text.find("*/", start + 2)) >= 0:
        parts += [text[position:start], _blank(text[start : end + 2])]
        position = end + 2
    return _COMMENT.sub(lambda found: _blank(found[0]), "".join(parts) + text[position:])


def _blank(comment: str) -> str:
    return re.sub(r"[^\r\n]", " ", comment)


def _read_proc(cursor: FormulaCursor) -> str:
    """Read what stands before the first statement of the model: the name of the procedure, or nothing."""
    while word(cursor.peek()) in ("ods", "title", "options"):
        _skip_statement(cursor)
        cursor.take_if(";")
    if cursor.peek() is None:
        raise EquationError("the text holds no statement; write PROC MIXED with CLASS, MODEL and RANDOM")
    if word(cursor.peek()) == "data":
        raise cursor.error("only the procedure is read: leave the DATA step out, and make its columns in the data")
    if word(cursor.peek()) != "proc":
        return ""
    cursor.take_next()
    name = word(cursor.peek())
    if name not in _PROCEDURES:
        raise cursor.error(
            "PROC MIXED, GLIMMIX and HPMIXED are read, and nothing beside them: leave this out, and make its columns"
            " in the data"
        )
    cursor.take_next()
    while not cursor.at(";"):
        option = cursor.take("name", "a `;` is missing behind the options of the PROC statement")
        if option.value.casefold() in _PROC_OPTIONS:
            raise cursor.error(_PROC_OPTIONS[option.value.casefold()], option.span)
        start = cursor.span[0]
        skip_value(cursor)
        opening = cursor.text.find("(", start, cursor.last_end)
        if option.value.casefold() == "data" and opening >= 0:
            message = "rows and columns are chosen in the data: leave the parenthesis behind the data set out"
            raise cursor.error(message, (opening, cursor.last_end))
    return name


def _skip_statement(cursor: FormulaCursor) -> None:
    while cursor.peek() is not None and not cursor.at(";"):
        cursor.take_next()
