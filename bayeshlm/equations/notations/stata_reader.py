"""Stata's ``mixed`` and ``me`` commands -> ModelSpec."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bayeshlm.equations.distribution import Distribution
from bayeshlm.equations.notations.formula_lines import formula_spec, require_random
from bayeshlm.equations.notations.formula_parts import Bar, Variables
from bayeshlm.equations.notations.formula_tokens import FormulaCursor, FormulaToken
from bayeshlm.equations.notations.program_family import STATA_FAMILIES, distribution, family_name
from bayeshlm.equations.notations.program_tokens import program_tokens, word
from bayeshlm.equations.notations.stata_effects import check_constants, read_terms, take_column
from bayeshlm.equations.notations.stata_options import Options, read_options
from bayeshlm.equations.notations.stata_random import read_random_equation
from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.tokens import equation_error
from bayeshlm.errors import EquationError

COMMANDS = {
    "mixed": "Normal", "xtmixed": "Normal", "melogit": "Bernoulli", "xtmelogit": "Bernoulli", "meqrlogit": "Bernoulli",
    "meprobit": "Bernoulli", "mecloglog": "Bernoulli", "mepoisson": "Poisson", "xtmepoisson": "Poisson",
    "meqrpoisson": "Poisson", "menbreg": "NegativeBinomial", "meologit": "Ordinal", "meoprobit": "Ordinal",
    "meglm": "Normal",
}  # fmt: skip
"""The commands that are read, and the family of each."""

_LINKS = {"meprobit": "probit", "meoprobit": "probit", "mecloglog": "cloglog"}
_OTHER_COMMANDS = (
    "xtreg", "regress", "logit", "gllamm", "mestreg", "metobit", "meintreg", "menl", "gsem", "sem", "xtlogit", "xtgee",
    "xtpoisson", "anova",
)  # fmt: skip
_PREFIXES = ("quietly", "qui", "noisily", "capture", "cap")
_BLANK = re.compile(r"[ \t\r\f\v\u00a0\ufeff\u200b\u2060]+|///[^\n]*\n|/\*.*?\*/|\A\s+", re.DOTALL)
_PROMPT = re.compile(r"^[ \t]*(?:\.(?=[ \t]+[a-z])|\*[^\n]*)|(?<!/)//(?!/)[^\n]*", re.MULTILINE)
_GOES_ON = re.compile(r"(?:///[^\n]*)?\n>[ \t]")
_PREFIXED = r"(?:bayes|svy|mi[ \t]+estimate|xi|by[ \t][^:\n]*|bootstrap)[^:\n=~]*:\s*"
_COMMAND = re.compile(
    rf"\s*(?:(?:{'|'.join(_PREFIXES)})\s*:?\s+|{_PREFIXED})*(?:{'|'.join((*COMMANDS, *_OTHER_COMMANDS))})[ \t]+"
    r"(?:///[^\n]*\n\s*)?(?![mM]odel\b)[A-Za-z_]\w*(?!\w*\s*=[^=])"
)

_COLUMNS = re.compile(r"\s*(?:quietly[ \t]+)?(?:egen|gen(?:erate)?|replace|summarize|recode|tabulate)[ \t]+[^=\n]+")


def is_stata(text: str) -> bool:
    """Whether a text is a command of Stata such as ``mixed``.

    Examples
    --------
    >>> is_stata("mixed math ses || school: ses"), is_stata("mixed = b0 + r; b0 = g00 + u0")
    (True, False)
    """
    one_line = _in_one_line(text)
    if _COLUMNS.match(one_line):
        return any(_COMMAND.match(line) for line in one_line.split("\n"))
    return _COMMAND.match(one_line) is not None


def read_stata(text: str) -> ModelSpec:
    """Read a command: ``mixed math c.ses##i.sector || school: ses, covariance(unstructured)``.

    Covariances of random effects are zero unless ``covariance(unstructured)``, as in Stata; ``|| school: || class:``
    are classes within schools, and ``|| _all: R.school`` crosses schools with what else there is. Options that choose
    how to estimate and what to show are passed over.

    Parameters
    ----------
    text : str
        One command, up to 100,000 characters, over several lines where they end in ``///``.

    Returns
    -------
    ModelSpec
        With all terms in level 1; the data sort them by level.

    Raises
    ------
    EquationError
        With the place in the command.

    Examples
    --------
    >>> from bayeshlm.equations.render import render
    >>> print(render(read_stata("mixed math ses || school: ses, reml")))
    math = b0 + b1*ses + r
    b0 = g00 + u0[school]
    b1 = g10 + u1[school]
    cov(u0, u1) = 0
    """
    one_line = _in_one_line(text)
    if made := _COLUMNS.match(one_line):
        message = "only the command is read: leave this out, and make its columns in the data"
        raise equation_error(text, (made.end() - len(made[0].lstrip()), made.end()), message)
    cursor = FormulaCursor(text, program_tokens(one_line, _BLANK))
    command = _read_command(cursor)
    outcome = take_column(cursor, f"the outcome is missing: `{command.value} y x || school:`")
    model = _Command(command, Column(outcome.value, outcome.span), Options())
    terms = read_terms(cursor)
    fixed_options = Options()
    read_options(cursor, fixed_options, has_more=True)
    while cursor.at("||"):
        model.bars += read_random_equation(cursor, model.nested, model.options)
    model.options.add(fixed_options)
    if (token := cursor.peek()) is not None:
        raise _beside_command(cursor, token)
    require_random(cursor, model.bars, "|| school:")
    check_constants(cursor, terms, fixed_options.no_constant)
    intercept = [] if fixed_options.no_constant else [Variables()]
    return formula_spec(
        text,
        model.outcome,
        [*intercept, *(term.variables for term in terms)],
        model.bars,
        model.offsets(),
        model.distribution(cursor),
        outcome.span,
    )


@dataclass
class _Command:
    """What has been read of a command."""

    command: FormulaToken
    outcome: Column
    options: Options
    bars: list[Bar] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)

    def offsets(self) -> list[Product]:
        """The columns of ``offset()``, and the logarithm of that of ``exposure()``."""
        offsets = [Product((column,)) for column in self.options.offsets]
        exposures = [Product((Call("log", Product((one,)), (), one.span),)) for one in self.options.exposures]
        return offsets + exposures

    def distribution(self, cursor: FormulaCursor) -> Distribution:
        """The distribution that the command or its options name."""
        name = word(self.command)
        options = self.options
        family, place, link = COMMANDS[name], self.command.span, options.link
        if options.family is not None:
            place = options.family.span
            family = family_name(cursor.text, options.family, STATA_FAMILIES)
            if name != "meglm":
                raise cursor.error(f"`{name}` has its family: write meglm, or leave `family()` out", place)
        if link is not None and name != "meglm":
            raise cursor.error(f"`{name}` has its link: write meglm, or leave `link()` out", link.span)
        if link is None and name in _LINKS:
            link = FormulaToken("name", _LINKS[name], self.command.span)
        return distribution(cursor.text, family, place, link, options.trials)


def _in_one_line(text: str) -> str:
    """The text with spaces over prompts, comments to the end of a line, and ``>`` where an output goes on."""
    text = _PROMPT.sub(lambda found: " " * len(found[0]), text)
    return _GOES_ON.sub(lambda found: " " * len(found[0]), text).rstrip()


def _read_command(cursor: FormulaCursor) -> FormulaToken:
    while cursor.take_if("\n"):
        pass
    while word(cursor.peek()) in _PREFIXES:
        cursor.take_next()
        cursor.take_if(":")
    name = word(cursor.peek())
    if cursor.peek() is None:
        raise EquationError("the text holds no command; write one, such as `mixed y x || school:`")
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise cursor.error(f"this is no command that is read, nor a prefix: leave it out; there are {known}")
    return cursor.take_next()


def _beside_command(cursor: FormulaCursor, token: FormulaToken) -> EquationError:
    messages = {
        "\n": "a command goes on where its line ends in `///`: join the lines so, or leave the next command out",
        "[": "weights are not supported: leave the brackets out",
        "=": "this `=` has no meaning in a command",
        "|": "a random-effects equation begins with `||`",
        "+": "terms stand side by side, without `+`",
        "*": "an interaction is written `c.x#c.z`, with the main effects `c.x##c.z`",
        ";": "one command is read, without `;`",
    }
    if word(token) in ("if", "in"):
        return cursor.error(f"rows are chosen in the data: leave `{token.value}` out, and pass the rows that are meant")
    return cursor.error(messages.get(token.kind, f"`{token.value}` has no meaning here"))
