"""An API page for each public name, and for each object that a public method returns, written before the build.

The list is ``bayeshlm.__all__``; nothing is listed by hand. What a method returns is read off its annotation, so that
``fit.plot`` and ``fit.icc()`` lead to pages of their own.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from written_page import write_page

import bayeshlm
from bayeshlm.parameters.prior_families import Prior

KINDS = ("Classes", "Functions", "Priors", "Errors and warnings", "Results")
EXPLAINED = {
    "Classes": "A model, its posterior, its REML estimates.",
    "Functions": "Reading models, data and saved fits; comparing fits; level-2 tables; the HLM program's output.",
    "Priors": "The families that `priors=` takes; the same text stands in a TOML file.",
    "Errors and warnings": "Everything that is raised on purpose derives from `HLMError`.",
    "Results": "What the methods return. You do not make these yourself.",
}


def kind_of(name: str) -> str:
    """Section of the API's table of contents in which a public name stands."""
    thing = getattr(bayeshlm, name)
    if not inspect.isclass(thing):
        return "Functions"
    if issubclass(thing, BaseException):
        return "Errors and warnings"
    return "Priors" if issubclass(thing, Prior) else "Classes"


def public_members(cls: type) -> dict[str, Any]:
    """Public methods and properties of a class by name, inherited ones of this package included, in source order."""
    members: dict[str, Any] = {}
    for ancestor in cls.__mro__:
        if ancestor.__module__.startswith("bayeshlm"):
            for name, member in vars(ancestor).items():
                documented = callable(member) or hasattr(member, "fget") or hasattr(member, "func")
                if not name.startswith("_") and (documented or isinstance(member, classmethod)):
                    members.setdefault(name, member)
    return members


def result_classes(names: Iterable[str]) -> dict[str, type]:
    """Classes of this package that public functions and methods return and that are not public themselves.

    Returns
    -------
    dict
        By full name, such as ``bayeshlm.checks.cross_check.CrossCheck``, sorted by class name. A ``Shown...`` class
        only adds the printed form: the class it shows takes its place.
    """
    public = {getattr(bayeshlm, name) for name in names}
    found: set[type] = set()
    for thing in public:
        functions = public_members(thing).values() if inspect.isclass(thing) else [thing]
        found |= {shown for function in functions for cls in returned(function) if (shown := described(cls))}
    return {f"{cls.__module__}.{cls.__name__}": cls for cls in sorted(found - public, key=lambda cls: cls.__name__)}


def described(cls: type) -> type | None:
    """The class whose docstring says what an object is; None where it is not of this package."""
    for ancestor in cls.__mro__:
        if ancestor.__module__.startswith("bayeshlm") and not ancestor.__name__.startswith("Shown"):
            return ancestor
    return None


def returned(member: Any) -> Iterator[type]:
    """Classes that the return annotation of a function, method or property names."""
    function = getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
    function = inspect.unwrap(function)
    annotation = getattr(function, "__annotations__", {}).get("return", "")
    module = sys.modules[function.__module__]
    for name in re.findall(r"[A-Za-z_]\w*", annotation if isinstance(annotation, str) else ""):
        thing = getattr(module, name, None) or imported_for_types(module.__file__ or "", name)
        if inspect.isclass(thing) and thing.__module__.startswith("bayeshlm"):
            yield thing


def imported_for_types(file: str, name: str) -> Any:
    """What a module imports by ``from ... import name`` anywhere, as under ``if TYPE_CHECKING``."""
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bayeshlm"):
            for alias in node.names:
                if name in (alias.asname, alias.name):
                    return getattr(import_module(node.module), alias.name)
    return None


def page(full_name: str, thing: Any) -> str:
    """Write the reStructuredText of one page."""
    title = thing.__name__
    lines = [title, "=" * len(title), ""]
    if not inspect.isclass(thing):
        return "\n".join([*lines, f".. autofunction:: {full_name}", ""])
    members = [] if issubclass(thing, BaseException) else list(public_members(thing))
    if len(members) > 3:
        lines += [f".. currentmodule:: {full_name.rpartition('.')[0]}", "", ".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {title}.{member}" for member in members] + [""]
    lines += [f".. autoclass:: {full_name}"]
    if members:
        lines += [f"   :members: {', '.join(members)}"]
    return "\n".join([*lines, ""])


def index(sections: dict[str, list[tuple[str, str]]]) -> str:
    """Write the API's table of contents: a section a kind, a line a name."""
    lines = ["API", "===", "", "``import bayeshlm as hlm``; then these are ``hlm.Model``, ``hlm.load`` and so on.", ""]
    for kind, entries in sections.items():
        lines += [kind, "-" * len(kind), "", EXPLAINED[kind], "", ".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   ~{full_name}" for full_name, _ in entries]
        lines += ["", ".. toctree::", "   :hidden:", "", *(f"   {file}" for _, file in entries), ""]
    return "\n".join(lines)


def write_pages(app: Sphinx) -> None:
    """Write ``docs/api``: the index and a page for each name."""
    folder = Path(app.srcdir) / "api"
    sections: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    for name in sorted(bayeshlm.__all__, key=str.casefold):
        sections[kind_of(name)].append((f"bayeshlm.{name}", name))
        write_page(folder / f"{name}.rst", page(f"bayeshlm.{name}", getattr(bayeshlm, name)))
    for full_name, cls in result_classes(bayeshlm.__all__).items():
        sections["Results"].append((full_name, cls.__name__))
        write_page(folder / f"{cls.__name__}.rst", page(full_name, cls))
    write_page(folder / "index.rst", index(sections))
    kept = {file for entries in sections.values() for _, file in entries} | {"index"}
    for stale in folder.glob("*.rst"):
        if stale.stem not in kept:
            stale.unlink()


def hide_constructor(app: Sphinx, what: str, name: str, *_: Any) -> tuple[str, None] | None:
    """Show a result without the arguments of its constructor, which is not the reader's to call."""
    return ("", None) if what == "class" and name.count(".") > 1 else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for its sources."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-signature", hide_constructor)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
