"""Notations other than the level equations' own; `bayeshlm.equations.render.NOTATIONS` names them all.

=============  ==================================  =======================================
form           read by                             written by
=============  ==================================  =======================================
levels         ``equations.parse``: ``printed``,   ``equations.render``
               ``tokens``, ``lines``, ``levels``,
               ``grammar``
combined       only beside levels, as HLM prints   ``equations.render``
               it: ``equations.mixed``
LaTeX          not read                            ``latex``
MathML         not read                            ``mathml``
lme4 formula   not read                            ``lme4``; its data expressions ``r_code``
=============  ==================================  =======================================
"""
