"""Equations as MLwiN's users print them.

Each has the source whose notation it is in, as plain text: subscripts behind `_`. It is read, and then says the level
equations beside it, or it ends in an error that points to what «...» marks and says what to change.
"""

from published_equations import Published

MLWIN = (
    Published(
        "Goldstein (2011), Multilevel Statistical Models, 4th ed., ch. 2",
        "mlwin",
        """
        y_ij = β_0j + β_1 x_ij + e_ij
        β_0j = β_0 + u_0j
        """,
        levels="""
        y_ij = b0 + b1*x_ij + r
        b0 = g00 + u0
        b1 = g10
        """,
    ),
    Published(
        "Goldstein (2011), ch. 2, random coefficients",
        "mlwin",
        """
        y_ij = β_0j + β_1j x_ij + e_ij
        β_0j = β_0 + u_0j
        β_1j = β_1 + u_1j
        [u_0j u_1j] ~ N(0, Ω_u)
        """,
        levels="""
        y_ij = b0 + b1*x_ij + r
        b0 = g00 + u0
        b1 = g10 + u1
        """,
    ),
    Published(
        "Rasbash et al. (2009), A User's Guide to MLwiN, ch. 2",
        "mlwin",
        """
        normexam_ij ~ N(XB, Ω)
        normexam_ij = β_0ij cons + β_1 standlrt_ij
        β_0ij = β_0 + u_0j + e_0ij
        """,
        levels="""
        normexam_ij = b0 + b1*standlrt_ij + r
        b0 = g00 + u0
        b1 = g10
        """,
    ),
    Published(
        "Rasbash et al. (2009), ch. 4, with estimates",
        "mlwin",
        """
        normexam_ij ~ N(XB, Ω)
        normexam_ij = β_0ij cons + β_1j standlrt_ij
        β_0ij = -0.012(0.040) + u_0j + e_0ij
        β_1j = 0.557(0.020) + u_1j
        [u_0j u_1j] ~ N(0, Ω_u): Ω_u = [0.090(0.018) ; 0.018(0.007) 0.015(0.004)]
        [e_0ij] ~ N(0, Ω_e): Ω_e = [0.554(0.012)]
        -2*loglikelihood(IGLS Deviance) = 9316.870(4059 of 4059 cases in use)
        """,
        levels="""
        normexam_ij = b0 + b1*standlrt_ij + r
        b0 = g00 + u0
        b1 = g10 + u1
        """,
    ),
    Published(
        "Rasbash et al. (2009), ch. 7, level-1 variance that depends on sex",
        "mlwin",
        """
        normexam_ij ~ N(XB, Ω)
        normexam_ij = β_1ij boy_ij + β_2ij girl_ij
        β_1ij = β_1 + «e_1ij»
        β_2ij = β_2 + e_2ij
        """,
        says="one variance of level 1 is estimated, which depends on no column: leave this",
    ),
    Published(
        "Rasbash et al. (2009), ch. 9, contraceptive use",
        "mlwin",
        """
        use_ij ~ Binomial(cons_ij, π_ij)
        logit(π_ij) = β_0j cons + β_1 age_ij + β_2 urban_ij
        β_0j = β_0 + u_0j
        [u_0j] ~ N(0, Ω_u): Ω_u = [σ²_u0]
        var(use_ij|π_ij) = π_ij(1 − π_ij)/cons_ij
        """,
        levels="""
        use_ij ~ Bernoulli(p)
        logit(p) = b0 + b1*age_ij + b2*urban_ij
        b0 = g00 + u0
        b1 = g10
        b2 = g20
        """,
    ),
    Published(
        "Rasbash et al. (2009), ch. 12, deaths from melanoma",
        "mlwin",
        """
        obs_ijk ~ Poisson(π_ijk)
        log(π_ijk) = offset(logexp_ijk) + β_0jk cons + β_1 uvbi_jk
        β_0jk = β_0 + v_0k + u_0jk
        """,
        levels="""
        obs_ijk ~ Poisson(mu)
        log(mu) = b0 + b1*uvbi_jk + offset(logexp_ijk)
        b0 = g00 + u0 + v0
        b1 = g10
        """,
    ),
    Published(
        "Rasbash et al. (2009), ch. 18, cross-classified: the classification notation",
        "mlwin",
        """
        attain_i ~ N(XB, Ω)
        attain_i = β_0i cons
        β_0i = β_0 + «u_{0,sec(i)}» + e_0i
        """,
        says="groupings by `unit(i)` are not read: write level equations, of which random",
    ),
)
