"""Output of the HLM program for models of High School and Beyond, in the layouts of its old and new versions.

Estimates, standard errors and tests of the null model and of slopes as outcomes are those of the program's manual, of
means as outcomes those of Raudenbush and Bryk (2002), chapter 4, with t ratios and SDs that follow from exact ones.
Least squares, starting values and standard errors of variances are there to be skipped.
"""

NULL_OLD = """
 SPECIFICATIONS FOR THIS HLM2 RUN
 Problem Title: no title
 The data source for this run  = HSB.MDM
 The maximum number of level-1 units = 7185
 The maximum number of level-2 units = 160
 Method of estimation: restricted maximum likelihood

 The outcome variable is  MATHACH

 Least Squares Estimates
 -----------------------
 sigma_squared =     47.30966

 Least-squares estimates of fixed effects
 ----------------------------------------------------------------------------
    Fixed Effect         Coefficient   Error      T-ratio   d.f.     P-value
 ----------------------------------------------------------------------------
 For       INTRCPT1, B0
    INTRCPT2, G00          12.747853   0.081145   157.099      7184    0.000

 STARTING VALUES
 ---------------
 sigma(0)_squared =     39.14831
 Tau(0)
 INTRCPT1,B0      8.55523

 ******* ITERATION 4 *******

 Sigma_squared =     39.14831

 Tau
 INTRCPT1,B0      8.61431


Tau (as correlations)
 INTRCPT1,B0  1.000

 ----------------------------------------------------
  Random level-1 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1, B0                        0.901
 ----------------------------------------------------

The value of the likelihood function at iteration 4 = -2.355840E+004

 Final estimation of fixed effects:
 ----------------------------------------------------------------------------
                                       Standard             Approx.
    Fixed Effect         Coefficient   Error      T-ratio   d.f.     P-value
 ----------------------------------------------------------------------------
 For       INTRCPT1, B0
    INTRCPT2, G00          12.636972   0.244412    51.704       159    0.000
 ----------------------------------------------------------------------------

 The outcome variable is  MATHACH

 Final estimation of fixed effects
 (with robust standard errors)
 ----------------------------------------------------------------------------
                                       Standard             Approx.
    Fixed Effect         Coefficient   Error      T-ratio   d.f.     P-value
 ----------------------------------------------------------------------------
 For       INTRCPT1, B0
    INTRCPT2, G00          12.636972   0.243628    51.870       159    0.000
 ----------------------------------------------------------------------------

 Final estimation of variance components:
 -----------------------------------------------------------------------------
 Random Effect           Standard      Variance     df    Chi-square  P-value
                         Deviation     Component
 -----------------------------------------------------------------------------
 INTRCPT1,       U0        2.93501       8.61431   159    1660.23259    0.000
  level-1,       R         6.25686      39.14831
 -----------------------------------------------------------------------------

 Statistics for current covariance components model
 --------------------------------------------------
 Deviance                       = 47116.793477
 Number of estimated parameters = 2
"""

NULL_NEW = """
Final Results - Iteration 4
Iterations stopped due to small change in likelihood function
σ2 = 39.14831
Standard error of σ2 = 0.66054
τ
INTRCPT1,β0\t8.61431
Standard error of τ
INTRCPT1,β0\t1.07861
Random level-1 coefficient\tReliability estimate
INTRCPT1,β0\t0.901
The value of the log-likelihood function at iteration 4 = −2.355840E+004
Final estimation of fixed effects:
Fixed Effect\tCoefficient\tStandard error\tt-ratio\tApprox. d.f.\tp-value
For INTRCPT1, β0
INTRCPT2, γ00\t12.636972\t0.244412\t51.704\t159\t<0.001
Final estimation of fixed effects (with robust standard errors)
Fixed Effect\tCoefficient\tStandard error\tt-ratio\tApprox. d.f.\tp-value
For INTRCPT1, β0
INTRCPT2, γ00\t12.636972\t0.243628\t51.870\t159\t<0.001
Final estimation of variance components
Random Effect\tStandard Deviation\tVariance Component\td.f.\tχ2\tp-value
INTRCPT1, u0\t2.93501\t8.61431\t159\t1660.23259\t<0.001
level-1, r\t6.25686\t39.14831
Statistics for current covariance components model
Deviance = 47116.793477
Number of estimated parameters = 2
"""

SLOPES_OLD = """
 The outcome variable is  MATHACH
 Sigma_squared =     36.70313

 Tau
 INTRCPT1,B0      2.37996      0.19058
      SES,B1      0.19058      0.14892

Tau (as correlations)
 INTRCPT1,B0  1.000  0.320
      SES,B1  0.320  1.000

  Random level-1 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1, B0                        0.733
       SES, B1                        0.073
 ----------------------------------------------------

 Final estimation of fixed effects:
 ----------------------------------------------------------------------------
 For       INTRCPT1, B0
    INTRCPT2, G00          12.096006   0.198734    60.865       157    0.000
      SECTOR, G01           1.226384   0.306272     4.004       157    0.000
     MEANSES, G02           5.333056   0.369161    14.446       157    0.000
 For      SES slope, B1
    INTRCPT2, G10           2.937981   0.157135    18.697       157    0.000
      SECTOR, G11          -1.640954   0.242905    -6.756       157    0.000
     MEANSES, G12           1.034427   0.302566     3.419       157    0.001
 ----------------------------------------------------------------------------
 Final estimation of fixed effects
 (with robust standard errors)
 ----------------------------------------------------------------------------
 For       INTRCPT1, B0
    INTRCPT2, G00          12.096006   0.173699    69.638       157    0.000
      SECTOR, G01           1.226384   0.308484     3.976       157    0.000
     MEANSES, G02           5.333056   0.334600    15.939       157    0.000
 For      SES slope, B1
    INTRCPT2, G10           2.937981   0.147620    19.902       157    0.000
      SECTOR, G11          -1.640954   0.237401    -6.912       157    0.000
     MEANSES, G12           1.034427   0.332785     3.108       157    0.003
 ----------------------------------------------------------------------------
 Final estimation of variance components:
 -----------------------------------------------------------------------------
 INTRCPT1,       U0        1.54271       2.37996   157     605.29503    0.000
      SES slope, U1        0.38590       0.14892   157     162.30867    0.369
  level-1,       R         6.05831      36.70313
 -----------------------------------------------------------------------------
 Deviance                       = 46501.875643
 Number of estimated parameters = 4
"""

RELIABILITY_7_00 = """
 ----------------------------------------------------
  Random level-1 coefficient   Reliability estimate
 ----------------------------------------------------
  INTRCPT1, G0                        0.866
       SES, G1                        0.073
 ----------------------------------------------------
The value of the log-likelihood function at iteration 4 = -3.156312E+003
"""

# Raudenbush & Bryk (2002), tables 4.3 and 4.5, as the text gives them: two decimals
MEANS_AS_OUTCOMES = """
Final estimation of fixed effects:
For INTRCPT1, β0
    INTRCPT2, γ00    12.65  0.15  84.74  158  <0.001
    MEANSES,  γ01     5.86  0.36  16.22  158  <0.001
Final estimation of variance components
INTRCPT1, u0   1.62   2.64  158  633.52  <0.001
level-1, r     6.26  39.16
Random level-1 coefficient  Reliability estimate
INTRCPT1,β0   0.74
"""
