"""TEXT <-> SPEC: the level equations as text, and what they say.

``parse`` reads the equations into a ``ModelSpec``, ``render`` writes a ``ModelSpec`` as level
equations, one combined equation, LaTeX or an lme4 formula. Nothing in a text is ever evaluated.

Examples
--------
>>> spec = parse("math = b0 + b1*ses + r;  b0 = g00 + u0;  b1 = g10")
>>> spec.fixed, spec.random
(('g00', 'g10'), ('u0',))
>>> render(spec, "lme4", group="school")
'math ~ ses + (1 | school)'
"""

from bayeshlm.equations.reading import parse
from bayeshlm.equations.render import render
from bayeshlm.equations.spec import ModelSpec
from bayeshlm.equations.symbols import canonical
from bayeshlm.equations.tokens import quote

__all__ = ["ModelSpec", "canonical", "parse", "quote", "render"]
