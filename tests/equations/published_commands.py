"""Commands of Stata and formulas of R that books, papers and manuals print.

Each has the source whose notation it is in, as plain text: subscripts behind `_`. It is read, and then says the level
equations beside it, or it ends in an error that points to what «...» marks and says what to change.
"""

from published_equations import Published

COMMANDS = (
    Published(
        "Stata, Multilevel Mixed-Effects Reference Manual, mixed",
        "stata",
        "mixed weight week || id:",
        levels="""
        weight = b0 + b1*week + r
        b0 = g00 + u0[id]
        b1 = g10
        """,
    ),
    Published(
        "Stata, mixed, random slopes",
        "stata",
        ". mixed weight week || id: week, covariance(unstructured)",
        levels="""
        weight = b0 + b1*week + r
        b0 = g00 + u0[id]
        b1 = g10 + u1[id]
        """,
    ),
    Published(
        "Stata, mixed, states in regions",
        "stata",
        "mixed gsp private emp hwy water other unemp || region: || state:",
        levels="""
        gsp = b0 + b1*private + b2*emp + b3*hwy + b4*water + b5*other + b6*unemp + r
        b0 = g00 + u0[region] + v0[region:state]
        b1 = g10
        b2 = g20
        b3 = g30
        b4 = g40
        b5 = g50
        b6 = g60
        """,
    ),
    Published(
        "Stata, mixed, crossed effects",
        "stata",
        "mixed weight week || _all: R.id || _all: R.week",
        levels="""
        weight = b0 + b1*week + r
        b0 = g00 + u0[id] + v0[week]
        b1 = g10
        """,
    ),
    Published(
        "Stata, mixed, residuals of unequal variance",
        "stata",
        "mixed weight i.girl i.girl#c.age c.age#c.age, noconstant || id: age, «residuals»(independent, by(girl))",
        says="covariances of residuals are not estimated here: leave `residuals()`",
    ),
    Published(
        "Stata, melogit",
        "stata",
        "melogit c_use i.urban age child1 child2 child3 || district:",
        levels="""
        c_use ~ Bernoulli(p)
        logit(p) = b0 + b1*C(urban) + b2*age + b3*child1 + b4*child2 + b5*child3
        b0 = g00 + u0[district]
        b1 = g10
        b2 = g20
        b3 = g30
        b4 = g40
        b5 = g50
        """,
    ),
    Published(
        "Stata, melogit: random effects of a category",
        "stata",
        "melogit c_use i.urban age || district: «i.urban», covariance(unstructured)",
        says="random effects of categories are not read: make columns of zeros and ones, or",
    ),
    Published(
        "Stata, meologit",
        "stata",
        "meologit thk prethk cc##tv || school:",
        levels="""
        thk ~ Ordinal(eta)
        eta = b0 + b1*prethk + b2*C(cc) + b3*C(tv) + b4*C(cc)*C(tv)
        b0 = u0[school]
        b1 = g10
        b2 = g20
        b3 = g30
        b4 = g40
        """,
    ),
    Published(
        "Stata, mepoisson",
        "stata",
        "mepoisson seizures treat lbas lbas_trt lage v4 || subject: v4, covariance(unstructured) intpoints(9)",
        levels="""
        seizures ~ Poisson(mu)
        log(mu) = b0 + b1*treat + b2*lbas + b3*lbas_trt + b4*lage + b5*v4
        b0 = g00 + u0[subject]
        b1 = g10
        b2 = g20
        b3 = g30
        b4 = g40
        b5 = g50 + u5[subject]
        """,
    ),
    Published(
        "Stata, menbreg",
        "stata",
        "menbreg deaths uv c.uv#c.uv, exposure(expected) || nation: || region:",
        levels="""
        deaths ~ NegativeBinomial(mu, phi)
        log(mu) = b0 + b1*uv + b2*uv*uv + offset(log(expected))
        b0 = g00 + u0[nation] + v0[nation:region]
        b1 = g10
        b2 = g20
        """,
    ),
    Published(
        "Rabe-Hesketh & Skrondal (2012), Multilevel and Longitudinal Modeling Using Stata, ch. 4",
        "stata",
        "mixed gcse lrt || school: lrt, covariance(unstructured) mle",
        levels="""
        gcse = b0 + b1*lrt + r
        b0 = g00 + u0[school]
        b1 = g10 + u1[school]
        """,
    ),
    Published(
        "Rabe-Hesketh & Skrondal (2012), ch. 10, two options of one equation",
        "stata",
        "xtmelogit outcome treatment month trt_month || patient:, intpoints(30) or",
        levels="""
        outcome ~ Bernoulli(p)
        logit(p) = b0 + b1*treatment + b2*month + b3*trt_month
        b0 = g00 + u0[patient]
        b1 = g10
        b2 = g20
        b3 = g30
        """,
    ),
    Published(
        "Gelman & Hill (2007), ch. 12, radon",
        "formula",
        "lmer(y ~ x + u.full + (1 | county))",
        levels="""
        y = b0 + b1*x + b2*u.full + r
        b0 = g00 + u0[county]
        b1 = g10
        b2 = g20
        """,
    ),
    Published(
        "Gelman & Hill (2007), ch. 13, a predictor of intercepts and slopes",
        "formula",
        "lmer(y ~ x + u.full + x:u.full + (1 + x | county))",
        levels="""
        y = b0 + b1*x + b2*u.full + b3*x*u.full + r
        b0 = g00 + u0[county]
        b1 = g10 + u1[county]
        b2 = g20
        b3 = g30
        """,
    ),
    Published(
        "Bates et al. (2015), J. Stat. Softw. 67(1), sleep study",
        "formula",
        "Reaction ~ Days + (Days | Subject)",
        levels="""
        Reaction = b0 + b1*Days + r
        b0 = g00 + u0[Subject]
        b1 = g10 + u1[Subject]
        """,
    ),
    Published(
        "Bates et al. (2015), independent intercepts and slopes",
        "formula",
        "Reaction ~ Days + (Days || Subject)",
        levels="""
        Reaction = b0 + b1*Days + r
        b0 = g00 + u0[Subject]
        b1 = g10 + u1[Subject]
        cov(u0, u1) = 0
        """,
    ),
    Published(
        "Bates (2010), lme4: Mixed-effects modeling with R, ch. 2",
        "formula",
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        levels="""
        diameter = b0 + r
        b0 = g00 + u0[plate] + v0[sample]
        """,
    ),
    Published(
        "Bates (2010), ch. 2, casks within batches",
        "formula",
        "strength ~ 1 + (1 | batch/cask)",
        levels="""
        strength = b0 + r
        b0 = g00 + u0[batch:cask] + v0[batch]
        """,
    ),
    Published(
        "lme4, documentation of cbpp",
        "formula",
        "glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), data = cbpp, family = binomial)",
        levels="""
        incidence ~ Binomial(size, p)
        logit(p) = b0 + b1*period
        b0 = g00 + u0[herd]
        b1 = g10
        """,
    ),
    Published(
        "Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, ch. 4",
        "formula",
        "lme(distance ~ age, data = Orthodont, random = ~ age | Subject)",
        levels="""
        distance = b0 + b1*age + r
        b0 = g00 + u0[Subject]
        b1 = g10 + u1[Subject]
        """,
    ),
    Published(
        "Pinheiro & Bates (2000), ch. 4, age less 11",
        "formula",
        "lme(distance ~ I(age «-» 11), data = Orthodont)",
        says="columns are multiplied here, not joined by `-`: make the column in the data",
    ),
    Published(
        "Bürkner (2017), J. Stat. Softw. 80(1), epilepsy",
        "formula",
        "brm(count ~ log_Age_c + log_Base4_c * Trt + (1 | patient), data = epilepsy, family = poisson())",
        levels="""
        count ~ Poisson(mu)
        log(mu) = b0 + b1*log_Age_c + b2*log_Base4_c + b3*Trt + b4*log_Base4_c*Trt
        b0 = g00 + u0[patient]
        b1 = g10
        b2 = g20
        b3 = g30
        b4 = g40
        """,
    ),
    Published(
        "Bürkner (2018), R Journal 10(1), a smooth term",
        "formula",
        "brm(rent ~ «s»(area) + (1 | district), data = rents)",
        says="`s()`: there are no smooth terms here: write poly(area, 2) or bs(area,",
    ),
)
