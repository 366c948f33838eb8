"""Output of HLM3 and HCM2 for models of the data sets growth and attainment, in the layouts of old and new versions.

The layouts are those of HLM 6 and 7, typed anew. Estimates, standard errors, t ratios, variances, SDs,
correlations and deviances are lme4's of the same models by ML (references/gallery_groupings.json), with the digits that
HLM prints. Degrees of freedom, p values, chi-squares and reliabilities are made up, to be read; starting values and
standard errors of variances are there to be skipped.
"""

GROWTH_OLD = """
 SPECIFICATIONS FOR THIS HLM3 RUN
 Problem Title: GROWTH
 The maximum number of level-1 units = 2878
 The maximum number of level-2 units = 600
 The maximum number of level-3 units = 48
 Method of estimation: full maximum likelihood

 The outcome variable is     MATH

 STARTING VALUES
 ---------------
 sigma(0)_squared =      0.30512
 Tau(pi)(0)
 INTRCPT1,P0     0.55012      0.03512
     YEAR,P1     0.03512      0.01312
 Tau(beta)(0)
   INTRCPT1        YEAR
  INTRCPT2,B00  INTRCPT2,B10
      0.12012      0.01512
      0.01512      0.01412

 Sigma_squared =      0.30654

 Standard Error of Sigma_squared =      0.01012

 Tau(pi)
 INTRCPT1,P0     0.55833      0.03672
     YEAR,P1     0.03672      0.01220

 Tau(pi) (as correlations)
 INTRCPT1,P0  1.000  0.445
     YEAR,P1  0.445  1.000

 Standard Errors of Tau(pi)
 INTRCPT1,P0     0.03912      0.00612
     YEAR,P1     0.00612      0.00212

 ----------------------------------------------------
  Random level-1 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1, P0                        0.861
      YEAR, P1                        0.312
 ----------------------------------------------------

 Tau(beta)
   INTRCPT1        YEAR
  INTRCPT2,B00  INTRCPT2,B10
      0.11905      0.01521
      0.01521      0.01289

 Tau(beta) (as correlations)
 INTRCPT1/INTRCPT2,B00  1.000  0.388
     YEAR/INTRCPT2,B10  0.388  1.000

 ----------------------------------------------------
  Random level-2 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1/INTRCPT2, B00              0.712
      YEAR/INTRCPT2, B10              0.823
 ----------------------------------------------------

 The value of the likelihood function at iteration 12 = -3.212000E+003

 The outcome variable is     MATH

 Final estimation of fixed effects:
 ----------------------------------------------------------------------------
                                       Standard             Approx.
    Fixed Effect         Coefficient   Error      T-ratio   d.f.     P-value
 ----------------------------------------------------------------------------
 For       INTRCPT1, P0
    For INTRCPT2, B00
            INTRCPT3, G000        0.043531   0.078831     0.552        46    0.584
             POVERTY, G001       -0.008555   0.002645    -3.235        46    0.003
    For    LUNCH, B01
            INTRCPT3, G010       -0.262409   0.071536    -3.668       597    0.000
    For   FEMALE, B02
            INTRCPT3, G020        0.055958   0.064966     0.861       597    0.392
 For     YEAR slope, P1
    For INTRCPT2, B10
            INTRCPT3, G100        0.787941   0.021110    37.326        46    0.000
             POVERTY, G101       -0.001599   0.000820    -1.950        46    0.056
    For    LUNCH, B11
            INTRCPT3, G110       -0.017076   0.018774    -0.910       598    0.366
 ----------------------------------------------------------------------------

 Final estimation of level-1 and level-2 variance components:
 ------------------------------------------------------------------------------
 Random Effect           Standard      Variance     df    Chi-square   P-value
                         Deviation     Component
 ------------------------------------------------------------------------------
        INTRCPT1, R0         0.74721       0.55833    531    3812.11240    0.000
      YEAR slope, R1         0.11046       0.01220    532     912.31410    0.000
         level-1, E          0.55366       0.30654
 ------------------------------------------------------------------------------
 Note: The chi-square statistics reported above are based on only 578 of 600
 units that had sufficient data for computation.

 Final estimation of level-3 variance components:
 ------------------------------------------------------------------------------
 Random Effect           Standard      Variance     df    Chi-square   P-value
                         Deviation     Component
 ------------------------------------------------------------------------------
INTRCPT1/INTRCPT2, U00        0.34504       0.11905     46     171.23120    0.000
   YEAR/INTRCPT2, U10        0.11354       0.01289     46     264.71230    0.000
 ------------------------------------------------------------------------------

 Statistics for current covariance components model
 --------------------------------------------------
 Deviance                       = 6418.893052
 Number of estimated parameters = 14
"""

GROWTH_NEW = """
Final Results - Iteration 9
σ2 = 0.30675
Standard error of σ2 = 0.01012
τπ
INTRCPT1,π0\t0.57325\t0.03746
YEAR,π1\t0.03746\t0.01212
τπ (as correlations)
INTRCPT1,π0\t1.000\t0.449
YEAR,π1\t0.449\t1.000
Random level-1 coefficient\tReliability estimate
INTRCPT1,π0\t0.861
YEAR,π1\t0.312
τβ
INTRCPT1\tYEAR
INTRCPT2,β00\tINTRCPT2,β10
0.18066\t0.02517
0.02517\t0.01452
Standard errors of τβ
INTRCPT1\tYEAR
INTRCPT2,β00\tINTRCPT2,β10
0.04412\t0.01012
0.01012\t0.00412
τβ (as correlations)
INTRCPT1/INTRCPT2,β00\t1.000\t0.492
YEAR/INTRCPT2,β10\t0.492\t1.000
Random level-2 coefficient\tReliability estimate
INTRCPT1/INTRCPT2,β00\t0.812
YEAR/INTRCPT2,β10\t0.823
Final estimation of fixed effects:
Fixed Effect\tCoefficient\tStandard error\tt-ratio\tApprox. d.f.\tp-value
For INTRCPT1, π0
For INTRCPT2, β00
INTRCPT3, γ000\t-0.069921\t0.070331\t-0.994\t47\t0.320
For YEAR slope, π1
For INTRCPT2, β10
INTRCPT3, γ100\t0.778549\t0.019539\t39.846\t47\t<0.001
Final estimation of level-1 and level-2 variance components
Random Effect\tStandard Deviation\tVariance Component\td.f.\tχ2\tp-value
INTRCPT1,r0\t0.75713\t0.57325\t530\t4012.11240\t<0.001
YEAR slope,r1\t0.11008\t0.01212\t530\t913.31410\t<0.001
level-1,e\t0.55385\t0.30675
Final estimation of level-3 variance components
Random Effect\tStandard Deviation\tVariance Component\td.f.\tχ2\tp-value
INTRCPT1/INTRCPT2,u00\t0.42504\t0.18066\t47\t241.23120\t<0.001
YEAR/INTRCPT2,u10\t0.12048\t0.01452\t47\t284.71230\t<0.001
Statistics for the current model
Deviance = 6447.033444
Number of estimated parameters = 9
"""

ATTAINMENT_OLD = """
 SPECIFICATIONS FOR THIS HCM2 RUN
 The maximum number of level-1 units = 1600
 The maximum number of row units = 72
 The maximum number of column units = 15
 Method of estimation: full maximum likelihood

 The outcome variable is   ATTAIN

 Sigma_squared =      7.46122

 Tau
   INTRCPT1
  ICPTROW,B00
      0.24330

 Omega
   INTRCPT1
  ICPTCOL,C00
      0.32073

 Final estimation of fixed effects:
 ----------------------------------------------------------------------------
    Fixed Effect         Coefficient   Error      T-ratio   d.f.     P-value
 ----------------------------------------------------------------------------
 For       INTRCPT1, P0
           INTERCEPT, THETA0      5.564824   0.173275    32.116      1512    0.000
 ----------------------------------------------------------------------------

 Final estimation of row and level-1 variance components:
 ------------------------------------------------------------------------------
 Random Effect           Standard      Variance     df    Chi-square   P-value
                         Deviation     Component
 ------------------------------------------------------------------------------
INTRCPT1/ ICPTROW, B00        0.49326       0.24330     71     141.31240    0.000
         level-1, E          2.73152       7.46122
 ------------------------------------------------------------------------------

 Final estimation of column level variance components:
 ------------------------------------------------------------------------------
 Random Effect           Standard      Variance     df    Chi-square   P-value
                         Deviation     Component
 ------------------------------------------------------------------------------
INTRCPT1/ ICPTCOL, C00        0.56633       0.32073     14      91.02310    0.000
 ------------------------------------------------------------------------------

 Statistics for current covariance components model
 --------------------------------------------------
 Deviance                       = 7817.052893
 Number of estimated parameters = 4
"""

ATTAINMENT_NEW = """
σ2 = 3.95873
Final estimation of fixed effects:
Fixed Effect\tCoefficient\tStandard error\tt-ratio\tApprox. d.f.\tp-value
For INTRCPT1, π0
INTERCEPT, θ0\t5.094409\t0.168402\t30.251\t1500\t<0.001
SELECTIVE, β01\t0.746803\t0.265450\t2.813\t1500\t0.011
For VERBAL slope, π1
INTERCEPT, θ1\t0.154734\t0.004989\t31.016\t1500\t<0.001
For FEMALE slope, π2
INTERCEPT, θ2\t0.364119\t0.101273\t3.595\t1500\t<0.001
Final estimation of row and level-1 variance components:
Random Effect\tStandard Deviation\tVariance Component\td.f.\tχ2\tp-value
INTRCPT1/ICPTROW,b00\t0.43731\t0.19124\t71\t141.31240\t<0.001
VERBAL/ICPTROW,b10\t0.02153\t0.00046\t71\t101.31240\t0.011
level-1,e\t1.98966\t3.95873
Final estimation of column level variance components:
Random Effect\tStandard Deviation\tVariance Component\td.f.\tχ2\tp-value
INTRCPT1/ICPTCOL,c00\t0.42720\t0.18250\t14\t81.02310\t<0.001
Deviance = 6836.201037
Number of estimated parameters = 9
"""
