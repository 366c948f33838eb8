"""Text -> ModelSpec, in whatever notation it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bayeshlm.equations.combined import is_combined, read_combined
from bayeshlm.equations.grammar import parse_levels
from bayeshlm.equations.known_sd import with_known_sd
from bayeshlm.equations.notations.bambi_reader import is_bambi, read_bambi
from bayeshlm.equations.notations.formula import is_formula, read_formula, with_family
from bayeshlm.equations.notations.latex_reader import is_latex, read_latex
from bayeshlm.equations.notations.mlwin import is_mlwin, read_mlwin
from bayeshlm.equations.notations.sas_reader import is_sas, read_sas
from bayeshlm.equations.notations.stata_reader import is_stata, read_stata
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.errors import EquationError, OptionError


@dataclass(frozen=True, slots=True)
class Notation:
    """A notation that can be read.

    Attributes
    ----------
    name : str
    recognizes : function of a text
        Whether the text is written in it; never raises.
    reads : function of a text
        What the text says; raises an EquationError that quotes it.
    """

    name: str
    recognizes: Callable[[str], bool]
    reads: Callable[[str], ModelSpec]


READ = (
    Notation("latex", is_latex, read_latex),
    Notation("sas", is_sas, read_sas),
    Notation("stata", is_stata, read_stata),
    Notation("mlwin", is_mlwin, read_mlwin),
    Notation("bambi", is_bambi, read_bambi),
    Notation("formula", is_formula, read_formula),
    Notation("combined", is_combined, read_combined),
    Notation("levels", lambda text: True, parse_levels),
)
"""The notations, in the order in which they are tried; the last takes what no other is."""


def parse(
    text: str, notation: str | None = None, family: str | None = None, known_sd: str | float | None = None
) -> ModelSpec:
    """Read a model: level equations, one combined equation, a formula, or what another program reads or shows.

    Level equations are read as `bayeshlm.equations.grammar.parse_levels` says. A combined equation,
    ``y = g00 + g01*w + g10*x + u0 + u1*x + r``, and a formula, ``y ~ w + x + (1 + x | school)``, do not say to which
    level a column belongs: their terms stand in level 1 until a `Model` sorts them by the data. So do those of PROC
    MIXED and GLIMMIX of SAS, of the ``mixed`` and ``me`` commands of Stata, and of the equations window of MLwiN.

    Parameters
    ----------
    text : str
        One equation a level, as HLM prints them too; one combined equation; either as LaTeX; a formula of lme4, brms,
        bambi or nlme; a program for SAS, Stata or bambi; the equations of MLwiN.
    notation : {"levels", "combined", "formula", "latex", "sas", "stata", "mlwin", "bambi"}, optional
        How the text is written; recognized by default.
    family : str, optional
        Family of a formula's outcome, such as ``"binomial"`` or ``'binomial(link = "probit")'``; it may stand in the
        text instead, behind a comma. Equations name the distribution themselves.
    known_sd : str or float, optional
        Column with the known SD of each row's level-1 residual, or one number: the same as a line ``sd(r) = se``.

    Returns
    -------
    ModelSpec
        What the text says; two texts that say the same in the same notation give equal specifications.

    Raises
    ------
    EquationError
        If the text cannot be read; the message quotes the line with a caret under the place.
    OptionError
        If there is no such notation, or `known_sd` is neither a column nor a number above 0.

    Examples
    --------
    >>> spec = parse('''
    ...     Level 1:  math_ij = β_0j + β_1j*cwc(ses) + ε_ij
    ...     Level 2:  β_0j = γ_00 + γ_01*sector + U_0j
    ...               β_1j = γ_10
    ... ''')
    >>> spec.coefficients, spec.fixed, spec.random, spec.residual
    (('b0', 'b1'), ('g00', 'g01', 'g10'), ('u0',), 'e')
    >>> parse("mixed math ses || school:") == parse("math ~ ses + (1 | school)")
    True
    >>> spec = parse("math ~ ses + (1 | school)")
    >>> spec.fixed, spec.random, spec.groupings
    (('g00', 'g10'), ('u0',), ('school',))
    """
    readers = {one.name: one for one in READ}
    if notation is not None and notation not in readers:
        names = ", ".join(f'"{name}"' for name in readers)
        raise OptionError(f'there is no notation "{notation}" that is read: there are {names}')
    reader = readers[notation] if notation is not None and isinstance(text, str) else _recognized(text)
    if known_sd is not None:
        given = _with_family(reader, text, family)
        return reader.reads(with_known_sd(given, known_sd, reader.name, reader.reads(given)))
    return reader.reads(_with_family(reader, text, family))


def _with_family(reader: Notation, text: str, family: str | None) -> str:
    """The text with a family behind it, where one is given."""
    if family is None:
        return text
    if not isinstance(family, str):
        raise OptionError('family= is a text such as "binomial" or \'binomial(link = "probit")\'')
    if reader.name != "formula":
        raise EquationError(
            "family= belongs to a formula; equations name the distribution in a line of their own, such as"
            " `passed ~ Bernoulli(p)`, with `logit(p) = b0 + b1*x` as level 1"
        )
    return with_family(text, family)


def _recognized(text: object) -> Notation:
    """The first notation that recognizes a text; the last says what a text is."""
    return next((one for one in READ if isinstance(text, str) and one.recognizes(text)), READ[-1])
