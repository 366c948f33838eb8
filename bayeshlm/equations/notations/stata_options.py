"""The options of Stata's commands: those that say which model it is, and those that do not."""

from __future__ import annotations

from dataclasses import dataclass, field

from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_tokens import nearest, skip_value, word
from bayeshlm.equations.product import Column, Span

_IGNORED = (
    "reml", "mle", "ml", "nolog", "log", "variance", "var", "stddeviations", "stddev", "level", "nostderr",
    "noretable", "nofetable", "noheader", "nogroup", "noestimate", "emiterate", "emtolerance", "emonly",
    "emlog", "emdots", "iterate", "iter", "tolerance", "ltolerance", "nrtolerance", "nonrtolerance",
    "difficult", "diff", "technique", "tech", "trace", "gradient", "showstep", "hessian", "showtolerance",
    "from", "dfmethod", "dftable", "vce", "robust", "cluster", "estmetric", "matlog", "matsqrt", "intmethod",
    "intpoints", "intp", "laplace", "startvalues", "startgrid", "or", "irr", "eform", "coeflegend", "nolrtest",
    "lrtest", "cformat", "pformat", "sformat", "allbaselevels", "baselevels", "noemptycells", "vsquish",
    "noomitted", "nofvlabel", "fvwrap", "fvwrapon", "nolstretch", "dnumerator", "retolerance", "reiterate",
    "noci", "nopvalues", "ufrom", "refineopts",
)  # fmt: skip
_REFUSED = {
    "residuals": "covariances of residuals are not estimated here: leave `residuals()` out",
    "res": "covariances of residuals are not estimated here: leave `residuals()` out",
    "pweight": "weights are not supported: leave `pweight()` out",
    "fweight": "weights are not supported: leave `fweight()` out",
    "iweight": "weights are not supported: leave `iweight()` out",
    "pwscale": "weights are not supported: leave `pwscale()` out",
    "constraints": "constraints are not estimated here: leave `constraints()` out",
    "constr": "constraints are not estimated here: leave `constraints()` out",
    "collinear": "collinear columns are an error here: leave `collinear` out",
    "asis": "leave `asis` out: what predicts the outcome perfectly is named when the model is fitted",
}
_COVARIANCES = {"independent": False, "unstructured": True}
_OTHER_COVARIANCES = ("exchangeable", "identity", "fixed", "pattern")


@dataclass
class Options:
    """What the options of a command say of the model.

    Attributes
    ----------
    no_constant : bool
        Of the equation behind which the option stands.
    covariance : {"independent", "unstructured"} or another structure, or None
    """

    no_constant: bool = False
    covariance: str | None = None
    covariance_span: Span = (0, 1)
    family: FormulaToken | None = None
    link: FormulaToken | None = None
    trials: Column | int | None = None
    offsets: list[Column] = field(default_factory=list)
    exposures: list[Column] = field(default_factory=list)

    def add(self, other: Options) -> None:
        """Take over what other options say of the outcome."""
        self.family = other.family or self.family
        self.link = other.link or self.link
        self.trials = other.trials if other.trials is not None else self.trials
        self.offsets += other.offsets
        self.exposures += other.exposures


def _is(given: str, name: str, shortest: int) -> bool:
    """Whether an option is one of that name, of which so many letters are enough."""
    return len(given) >= shortest and name.startswith(given)


def read_options(cursor: FormulaCursor, found: Options, has_more: bool) -> None:
    """Read ``, options`` behind an equation of a command, up to the next ``||`` or the end.

    Parameters
    ----------
    cursor : FormulaCursor
    found : Options
        What they say is added to it.
    has_more : bool
        Whether ``covariance()`` has no meaning: the equation is that of the fixed effects.

    Raises
    ------
    EquationError
        At an option that would make it another model, or that is not known.
    """
    if not cursor.take_if(","):
        return
    while (token := cursor.peek()) is not None and not cursor.at("||", "\n"):
        if token.kind == ",":
            raise cursor.error("options stand behind one comma: leave this one out")
        option = cursor.take("name", f"`{token.value}` is no option").value.casefold()
        if _is(option, "noconstant", 4):
            found.no_constant = True
        elif _is(option, "covariance", 3):
            _read_covariance(cursor, found, token, has_more)
        elif _is(option, "family", 1) and cursor.at("("):
            _read_family(cursor, found)
        elif _is(option, "link", 1) and cursor.at("("):
            found.link = _in_parentheses(cursor, "link")
        elif _is(option, "offset", 3):
            found.offsets.append(_column(_in_parentheses(cursor, "offset")))
        elif _is(option, "exposure", 1) and cursor.at("("):
            found.exposures.append(_column(_in_parentheses(cursor, "exposure")))
        elif _is(option, "binomial", 3):
            found.trials = _trials(cursor, _in_parentheses(cursor, "binomial"))
        elif _is(option, "dispersion", 1) and cursor.at("("):
            given = _in_parentheses(cursor, "dispersion")
            if word(given) != "mean":
                message = "the variance is mu + mu^2/phi here, which is `dispersion(mean)`: leave this out"
                raise cursor.error(message, given.span)
        elif option in _REFUSED:
            raise cursor.error(_REFUSED[option], token.span)
        elif option in _IGNORED:
            skip_value(cursor)
        else:
            meant = nearest(option, ("noconstant", "covariance", "family", "link", "offset", "exposure", *_IGNORED))
            raise cursor.error(f"the option `{token.value}` is not read: leave it out{meant}", token.span)


def _in_parentheses(cursor: FormulaCursor, option: str) -> FormulaToken:
    cursor.take("(", f"write {option}(...)")
    if not cursor.at("name", "number"):
        raise cursor.error(f"a name is missing in {option}()")
    token = cursor.take_next()
    cursor.take(")", f"{option}() has one name")
    return token


def _column(token: FormulaToken) -> Column:
    return Column(token.value, token.span)


def _trials(cursor: FormulaCursor, token: FormulaToken) -> Column | int:
    if token.kind == "name":
        return _column(token)
    if not token.value.isdigit() or int(token.value) < 1:
        raise cursor.error("the number of trials is a column or a whole number above 0", token.span)
    return int(token.value)


def _read_family(cursor: FormulaCursor, found: Options) -> None:
    """Read ``family(binomial n)``, ``family(poisson)`` or ``family(nbinomial mean)``."""
    cursor.take("(")
    found.family = cursor.take("name", "a family is missing: family(poisson)")
    if cursor.at("name", "number"):
        token = cursor.take_next()
        if word(found.family) in ("binomial", "binom"):
            found.trials = _trials(cursor, token)
        elif word(token) != "mean":
            raise cursor.error("only a binomial family has a second word here, its number of trials", token.span)
    cursor.take(")", "the parenthesis of family() is not closed")


def _read_covariance(cursor: FormulaCursor, found: Options, option: FormulaToken, has_more: bool) -> None:
    if has_more:
        raise cursor.error("covariances are those of random effects: write it behind `|| school:`", option.span)
    given = _in_parentheses(cursor, "covariance")
    folded = word(given)
    known = next((name for name in (*_COVARIANCES, *_OTHER_COVARIANCES) if _is(folded, name, 2)), None)
    if known is None:
        raise cursor.error("write covariance(unstructured) or covariance(independent)", given.span)
    found.covariance, found.covariance_span = known, (option.span[0], cursor.last_end)
