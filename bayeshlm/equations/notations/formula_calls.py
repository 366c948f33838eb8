"""Functions and data expressions of a formula -> columns and calls of the level equations."""

from __future__ import annotations

from bayeshlm.equations.expressions import check_argument
from bayeshlm.equations.functions import GivenOption, check_function, normalize_options
from bayeshlm.equations.notations.formula_matrix import read_matrix
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.formula_units import at_unit_values, of_units, read_units, scaled_by_units
from bayeshlm.equations.product import Call, Column, Factor, Option, Product, Span

_DEEPEST = 10
_HIGHEST_POWER = 9
_NAMES = {
    "factor": "C", "as.factor": "C", "center": "cgm", "standardize": "scale",
    "np.log": "log", "np.exp": "exp", "np.sqrt": "sqrt",
}  # fmt: skip
_SMOOTH = "there are no smooth terms here: write poly({x}, 2) or bs({x}, df=4)"
_NO_MEANING = {
    **dict.fromkeys(("s", "t2", "te", "ti", "ns", "gp", "hsgp", "lo", "cr", "cc"), _SMOOTH),
    "mo": "monotonic effects are not estimated here: write {x} as a number, or C({x}) as categories",
    "monotonic": "monotonic effects are not estimated here: write {x} as a number, or C({x}) as categories",
    "me": "errors of measurement in predictors are not estimated here: write {x}",
    "mi": "missing values are not imputed here: write {x}, and rows that miss it are left out",
    "cs": "effects that differ between categories are not estimated here: write {x}",
    **dict.fromkeys(("ar", "cosy"), "correlations of residuals are a term of their own, `+ ar(time = week, gr = g)`"),
    "bf": "bf() stands around a whole formula, bf(y ~ x + (1 | g)): leave it out here",
    "model.matrix": "matrices are not read: write the column itself",
    "mm": "units that belong to several groups at once are not estimated here: name one grouping column",
    "gr": "gr() has no meaning here: write the grouping column alone, (1 | {x})",
    **dict.fromkeys(
        ("ma", "arma", "unstr", "sar", "car", "fcor", "ar1", "cor_ar", "us", "diag", "rr"),
        "of covariances of residuals ar(time = week, gr = {x}) and cosy(gr = {x}) are read: leave this out",
    ),
}


def refuse_meaningless(cursor: FormulaCursor) -> None:
    """Refuse a function that other programs have and this one has not.

    Raises
    ------
    EquationError
        With the function, and what to write instead.
    """
    name, inner = cursor.peek(), cursor.peek(2)
    if name is None or name.value not in _NO_MEANING or not cursor.at_call():
        return
    x = inner.value if inner is not None and inner.kind in ("name", "column") else "x"
    raise cursor.error(f"`{name.value}()`: {_NO_MEANING[name.value].format(x=x)}", name.span)


def read_factors(cursor: FormulaCursor, depth: int = 0) -> tuple[Factor, ...]:
    """Read one variable of a formula: a column, a function of one, or ``I(...)``, which may be a product."""
    if cursor.at_call():
        if (matrix := read_matrix(cursor, read_factors)) is not None:
            return (matrix,)
        refuse_meaningless(cursor)
        return _read_call(cursor, depth)
    token = cursor.peek()
    if token is not None and token.kind in ("name", "column"):
        if token.value == "." and token.kind == "name":
            raise cursor.error("`.` stands for all other columns in R: name the columns that are meant")
        cursor.take(token.kind)
        return (Column(token.value, token.span),)
    if token is not None and token.kind == "string":
        raise cursor.error(f"a column's name stands in backticks, not in quotes: write `{token.value}`")
    if token is None:
        raise cursor.error("the formula ends too early: a column is missing")
    raise cursor.error(f"a column is missing before `{token.value}`")


def read_value(cursor: FormulaCursor, depth: int) -> Product:
    """Read the product inside of a function: ``x*z``, ``x^2``."""
    if depth > _DEEPEST:
        raise cursor.error(f"calls are nested more than {_DEEPEST} deep")
    factors = _power(cursor, depth)
    while cursor.take_if("*"):
        factors += _power(cursor, depth)
    return Product(factors)


def _power(cursor: FormulaCursor, depth: int) -> tuple[Factor, ...]:
    if cursor.take_if("("):
        factors = read_value(cursor, depth + 1).factors
        _close(cursor, "this parenthesis")
    else:
        factors = read_factors(cursor, depth)
    if cursor.take_if("^"):
        power = cursor.take("number", "a power is a whole number, as in I(x^2)")
        if not power.value.isdigit() or not 1 <= int(power.value) <= _HIGHEST_POWER:
            raise cursor.error(f"a power is a whole number from 1 to {_HIGHEST_POWER}, as in I(x^2)", power.span)
        return factors * int(power.value)
    return factors


def _close(cursor: FormulaCursor, what: str) -> None:
    token = cursor.peek()
    if token is not None and token.kind in ("+", "-", "/"):
        raise cursor.error(
            f"columns are multiplied here, not joined by `{token.kind}`: make the column in the data first"
        )
    if not cursor.at(")"):
        raise cursor.error(f"{what} is not closed")
    cursor.take(")")


def _read_call(cursor: FormulaCursor, depth: int) -> tuple[Factor, ...]:
    name = cursor.take("name")
    cursor.take("(")
    if cursor.at(")"):
        raise cursor.error(f"`{name.value}` needs a column: write {name.value}(x)")
    if name.value in ("I", "c"):
        return _identity(cursor, name, depth)
    if name.value == "ave":
        return (_group_mean(cursor, name, depth),)
    if name.value == "relevel":
        (inner,) = read_value(cursor, depth + 1).factors[:1]
        options = _options(cursor)
        cursor.take(")", 'write relevel(factor(x), ref = "a")')
        column = inner.argument if isinstance(inner, Call) else Product((inner,))
        return (_call(cursor, "C", column, options, (name.span[0], cursor.last_end), name),)
    function = _NAMES.get(name.value, name.value)
    if function == "offset":
        raise cursor.error("offset(x) is a term of its own: add it with `+`", name.span)
    check_function(cursor.text, name.span, function)
    argument = read_value(cursor, depth + 1)
    if function == "C" and len(argument.factors) == 1:  # C(factor(x), sum)
        (inner,) = argument.factors
        argument = inner.argument if isinstance(inner, Call) and inner == Call("C", inner.argument) else argument
    options = _options(cursor)
    if name.value == "scale" and [(one.name, one.value) for one in options] == [("scale", False)]:
        function, options = "cgm", []
    _close(cursor, f"the parenthesis of `{name.value}`")
    return (_call(cursor, function, argument, options, (name.span[0], cursor.last_end), name),)


def _call(
    cursor: FormulaCursor, function: str, argument: Product, given: list[GivenOption], span: Span, name: FormulaToken
) -> Call:
    check_argument(cursor.text, function, argument)
    return Call(function, argument, normalize_options(cursor.text, name.span, function, given), span)


def _identity(cursor: FormulaCursor, name: FormulaToken, depth: int) -> tuple[Factor, ...]:
    """Read ``I(...)``: a product, or a column less its mean, ``I(x - mean(x))`` and ``I(x - ave(x, g))``.

    With ``mean(tapply(x, g, mean))`` the mean is that of the units of g, each counted once.
    """
    if (scaled := scaled_by_units(cursor, name, read_value)) is not None:
        return (scaled,)
    value = read_value(cursor, depth + 1)
    after = cursor.peek(1)
    if cursor.at("-") and at_unit_values(cursor, 1, "mean"):
        value = Product((of_units(cursor, "cgm", value, name, read_value),))
    elif cursor.at("-") and after is not None and after.kind == "name":
        minus = cursor.take("-")
        taken = read_value(cursor, depth + 1)
        mean = taken.factors[0]
        of_rows = isinstance(mean, Call) and mean.function == "mean" and len(taken.factors) == 1
        if not (of_rows and isinstance(mean, Call) and mean.argument == value):
            message = "columns are multiplied here, not subtracted: make the column in the data first, or write cwc(x)"
            raise cursor.error(message + " or cgm(x) to center one", minus.span)
        function = "cwc" if cursor.text.startswith("ave", (mean.span or (0, 0))[0]) else "cgm"
        value = Product((Call(function, value, (), (name.span[0], cursor.last_end + 1)),))
    _close(cursor, f"the parenthesis of `{name.value}`")
    return value.factors


def _group_mean(cursor: FormulaCursor, name: FormulaToken, depth: int) -> Call:
    """Read ``ave(x, g)``; that g is the grouping is checked when the groupings are known."""
    argument = read_value(cursor, depth + 1)
    cursor.take(",", "write ave(x, g), g the grouping column, or mean(x)")
    if not cursor.at("name", "column"):
        raise cursor.error("write ave(x, g), g the grouping column, or mean(x)")
    span = cursor.span
    group = FormulaToken("column", read_units(cursor), span)
    _close(cursor, "the parenthesis of `ave`")
    call = _call(cursor, "mean", argument, [], (name.span[0], cursor.last_end), name)
    cursor.means.append(group)
    return call


def _options(cursor: FormulaCursor) -> list[GivenOption]:
    found = []
    while cursor.take_if(","):
        start = cursor.span[0]
        after = cursor.peek(1)
        keyword = None
        if cursor.at("name") and after is not None and after.kind == "=":
            keyword = cursor.take("name").value
            cursor.take("=")
        token = cursor.peek()
        if cursor.at_call() and token is not None and token.value in ("Treatment", "contr.treatment"):
            found.append(_treatment(cursor, start))
            continue
        value, bare = _option_value(cursor)
        contrast = {"Sum": "sum", "contr.sum": "sum", "contr.SAS": "last"}.get(str(value))
        if contrast is not None and (bare or keyword is None):
            keyword, value, bare = None, contrast, True
        found.append(GivenOption(keyword, value, bare, (start, cursor.last_end)))
    return found


def _treatment(cursor: FormulaCursor, start: int) -> GivenOption:
    """Read ``Treatment(reference="a")``."""
    cursor.take("name")
    cursor.take("(")
    if cursor.at("name"):
        cursor.take("name")
        cursor.take("=", 'write C(x, ref="a")')
    value, _ = _option_value(cursor)
    cursor.take(")", 'write C(x, ref="a")')
    return GivenOption("ref", value, False, (start, cursor.last_end))


def _option_value(cursor: FormulaCursor) -> tuple[Option, bool]:
    minus = cursor.take_if("-") is not None
    token = cursor.peek()
    if token is not None and token.kind == "number":
        cursor.take("number")
        number = int(token.value) if token.value.isdigit() else float(token.value)
        return (-number if minus else number), False
    if token is not None and token.kind in ("name", "string") and not minus:
        cursor.take(token.kind)
        is_bool = token.kind == "name" and token.value.casefold() in ("true", "false", "t", "f")
        return (
            token.value.casefold() in ("true", "t") if is_bool else token.value
        ), not is_bool and token.kind == "name"
    raise cursor.error('an option is missing here: a number, TRUE, FALSE or a text such as "Public"')
