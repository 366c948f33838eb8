"""Notations other than the level equations' own: `bayeshlm.equations.reading` reads them, `render` writes them.

=============  ========================================  =======================================
form           read by                                   written by
=============  ========================================  =======================================
levels         ``equations.grammar``: ``printed``,       ``equations.render``
               ``tokens``, ``lines``, ``levels``
combined       ``equations.combined``; beside levels,    ``equations.render``
               as HLM prints it, ``equations.mixed``
formula        ``formula``: ``formula_tokens``,          ``lme4``; its data expressions ``r_code``
               ``formula_terms``, ``formula_calls``,
               ``formula_family``
LaTeX          ``latex_reader``, by way of plain text:   ``latex``
               ``latex_tokens``, ``latex_nodes``,
               ``latex_plain``, ``latex_rows``
SAS            ``sas``: ``sas_effects``, ``sas_model``,  not written
               ``sas_random``
Stata          ``stata``: ``stata_effects``,             not written
               ``stata_options``, ``stata_random``
MLwiN          ``mlwin``: ``mlwin_lines``,               not written
               ``mlwin_effects``
MathML         not read                                  ``mathml``
=============  ========================================  =======================================

SAS and Stata share ``program_tokens`` and ``program_family``; their terms, MLwiN's and a formula's become a
specification in ``formula_lines``.

A formula and a combined equation become a specification whose terms all stand in level 1, ``equations.one_line``;
`bayeshlm.design.by_levels` sorts them. A notation that is to be read is a record in `bayeshlm.equations.reading.READ`.
"""
