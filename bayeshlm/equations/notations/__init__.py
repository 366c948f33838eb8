"""Notations other than the level equations' own: `bayeshlm.equations.reading` reads them, `render` writes them.

=============  ========================================  ===========================================
form           read by                                   written by
=============  ========================================  ===========================================
levels         ``equations.grammar``: ``printed``,       ``equations.render``
               ``tokens``, ``lines``, ``levels``
combined       ``equations.combined``; beside levels,    ``equations.render``
               as HLM prints it, ``equations.mixed``
formulas       ``formula``: ``formula_tokens``,          ``r_formula``, its data expressions
               ``formula_terms``, ``formula_calls``,     ``r_code``; the calls ``lme4``, ``nlme``,
               ``formula_family``, ``formula_nlme``      ``glmmtmb``, ``brms``
bambi          ``bambi_reader``; a formula alone as R's  ``bambi``
SAS            ``sas_reader``: ``sas_effects``,          ``sas``
               ``sas_model``, ``sas_random``
Stata          ``stata_reader``: ``stata_effects``,      ``stata``
               ``stata_options``, ``stata_random``
MLwiN          ``mlwin``: ``mlwin_lines``,               not written
               ``mlwin_effects``
Mplus          not read                                  ``mplus``: ``mplus_columns``, ``mplus_model``
HLM            with the levels                           ``hlm``
LaTeX          ``latex_reader``, by way of the levels:   ``latex``
               ``latex_document``, ``latex_tree``,
               ``latex_equations``, ``latex_factors``,
               ``latex_distributions``,
               ``latex_combined``
MathML         not read                                  ``mathml``
=============  ========================================  ===========================================

bambi, SAS, Stata, Mplus and HLM have models of columns: ``prepared`` makes a specification of plain columns and a list
of what is made of which, which each program writes in its own statements (``made_in_words`` where it has none).

SAS and Stata share ``program_tokens`` and ``program_family``; their terms, MLwiN's and a formula's become a
specification in ``formula_lines``.

A formula and a combined equation become a specification whose terms all stand in level 1, ``equations.one_line``;
`bayeshlm.design.by_levels` sorts them. A notation that is to be read is a record in
`bayeshlm.equations.reading.READ`, one that is to be written a record in `bayeshlm.equations.render.WRITTEN`.
"""
