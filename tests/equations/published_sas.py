"""Programs for SAS that papers, books and manuals print.

Each has the source whose notation it is in, as plain text: subscripts behind `_`. It is read, and then says the level
equations beside it, or it ends in an error that points to what «...» marks and says what to change.
"""

from published_equations import Published

SAS = (
    Published(
        "Singer (1998), J. Educ. Behav. Stat. 24, unconditional means",
        "sas",
        """
        proc mixed covtest noclprint;
          class school;
          model mathach = / solution;
          random intercept / sub=school;
        run;
        """,
        levels="""
        mathach = b0 + r
        b0 = g00 + u0[school]
        """,
    ),
    Published(
        "Singer (1998), a level-1 predictor",
        "sas",
        """
        proc mixed covtest noclprint;
          class school;
          model mathach = cses / solution ddfm=bw notest;
          random intercept cses / sub=school type=un;
        run;
        """,
        levels="""
        mathach = b0 + b1*cses + r
        b0 = g00 + u0[school]
        b1 = g10 + u1[school]
        """,
    ),
    Published(
        "Singer (1998), both levels",
        "sas",
        """
        proc mixed noclprint covtest noitprint;
          class school;
          model mathach = meanses sector cses meanses*cses sector*cses / solution ddfm=bw notest;
          random intercept cses / type=un sub=school;
        run;
        """,
        levels="""
        mathach = b0 + b1*meanses + b2*sector + b3*cses + b4*meanses*cses + b5*sector*cses + r
        b0 = g00 + u0[school]
        b1 = g10
        b2 = g20
        b3 = g30 + u3[school]
        b4 = g40
        b5 = g50
        """,
    ),
    Published(
        "Singer (1998), growth with an autoregressive residual",
        "sas",
        """
        proc mixed noclprint covtest;
          class id wave;
          model y = time / s notest;
          random intercept time / subject=id type=un;
          «repeated» wave / type=ar(1) subject=id r;
        run;
        """,
        says="covariances of residuals are not estimated here: leave the REPEATED statement",
    ),
    Published(
        "SAS/STAT, PROC MIXED, split-plot design",
        "sas",
        """
        proc mixed;
          class A B Block;
          model Y = A B A*B;
          random Block A*Block;
        run;
        """,
        levels="""
        Y = b0 + b1*C(A, last) + b2*C(B, last) + b3*C(A, last)*C(B, last) + r
        b0 = g00 + u0[Block] + v0[A:Block]
        b1 = g10
        b2 = g20
        b3 = g30
        """,
    ),
    Published(
        "SAS/STAT, PROC MIXED, growth of children, covariances of residuals",
        "sas",
        """
        proc mixed data=pr method=ml covtest;
          class Person Gender;
          model y = Gender Age Gender*Age / s;
          «repeated» / type=un subject=Person r;
        run;
        """,
        says="covariances of residuals are not estimated here: leave the REPEATED statement",
    ),
    Published(
        "SAS/STAT, PROC MIXED, random coefficients",
        "sas",
        """
        proc mixed data=rc;
          class Batch;
          model Y = Month / s;
          random Int Month / type=un sub=Batch s;
        run;
        """,
        levels="""
        Y = b0 + b1*Month + r
        b0 = g00 + u0[Batch]
        b1 = g10 + u1[Batch]
        """,
    ),
    Published(
        "Littell et al. (2006), SAS for Mixed Models, 2nd ed., ch. 4, wafers within modes",
        "sas",
        """
        proc mixed data=semicond;
          class et wafer position;
          model resistance = et|position / ddfm=kr;
          random wafer(et);
        run;
        """,
        levels="""
        resistance = b0 + b1*C(et, last) + b2*C(position, last) + b3*C(et, last)*C(position, last) + r
        b0 = g00 + u0[et:wafer]
        b1 = g10
        b2 = g20
        b3 = g30
        """,
    ),
    Published(
        "SAS/STAT, PROC GLIMMIX, side effects by center",
        "sas",
        """
        proc glimmix data=multicenter;
          class center group;
          model sideeffect/n = group / solution;
          random intercept / subject=center;
        run;
        """,
        levels="""
        sideeffect ~ Binomial(n, p)
        logit(p) = b0 + b1*C(group, last)
        b0 = g00 + u0[center]
        b1 = g10
        """,
    ),
    Published(
        "SAS/STAT, PROC GLIMMIX, a binary outcome",
        "sas",
        """
        proc glimmix data=salamanders;
          class fpop fnum mpop mnum;
          model «y» = fpop|mpop / dist=binary;
          random fpop*fnum mpop*mnum;
        run;
        """,
        says="SAS models the probability of the lower value of a binary outcome unless it is",
    ),
    Published(
        "SAS/STAT, PROC GLIMMIX, a trend of variances",
        "sas",
        """
        proc glimmix;
          class id trt;
          model y = trt|time / dist=poisson;
          random intercept / subject=id «group»=trt;
        run;
        """,
        says="variances that differ between groups are not estimated here: leave `group=`",
    ),
)
