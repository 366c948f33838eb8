"""Every error that bayeshlm raises on purpose; all derive from `HLMError`."""

from bayeshlm.foreign_text import printable


class HLMError(Exception):
    r"""Root of the package's errors: the message names the place and says what to do.

    Control characters of the names that it quotes are spelled out, as ``\x1b``.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class EquationError(HLMError):
    """The level equations cannot be read; the message quotes the line with a caret under the character.

    Attributes
    ----------
    place : tuple or None
        Message, span and a second span or None: for a notation that is read by way of another text.
    """

    place: tuple[str, tuple[int, int], tuple[int, int] | None] | None = None


class DataError(HLMError):
    """The data do not fit the equations; the message names the column, the group or the row."""


class PriorError(HLMError):
    """A prior is unknown, malformed or given for a parameter that the model does not have."""


class OptionError(HLMError, ValueError):
    """An argument of a call is outside of what it may be."""


class FileError(HLMError):
    """A model file, data file or saved fit cannot be read or written."""


class SamplingError(HLMError):
    """The sampler could not run to its end."""


class ModelWarning(UserWarning):
    """Something about the user's model or data that deserves a second look; never about a library."""

    def __str__(self) -> str:
        return printable(super().__str__())
