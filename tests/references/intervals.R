# Intervals and likelihood ratios of intervals.json:   Rscript intervals.R hsb.csv intervals.json
#
# hsb.csv is the file that bayeshlm ships (xz -dc bayeshlm/datasets/hsb.csv.xz > hsb.csv). lme4 profiles the ML
# deviance whatever the fit; its bounds are read off splines through a few points of the profile.
suppressPackageStartupMessages({library(lme4); library(jsonlite)})

args <- commandArgs(trailingOnly = TRUE)
hsb <- read.csv(args[1])
hs_ids <- c(1317, 1906, 2208, 2458, 2626, 2629, 2639, 2658, 2771, 3013, 3610, 3992, 4292, 4511, 4530, 4868, 5619, 5640,
            5650, 5720, 5761, 5762, 6074, 6484, 6897, 7172, 7232, 7342, 7345, 7688, 7697, 7890, 7919, 8531, 8627, 8707,
            8854, 8874, 9550, 9586)
with_means <- function(d) {
  d$school <- factor(d$school)
  d$cvar_ses <- ave(d$ses, d$school)
  d$dvar_ses <- d$ses - d$cvar_ses
  d
}
data <- list(hsb = with_means(hsb), hs = with_means(hsb[hsb$school %in% hs_ids, ]))
control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = .makeCC("ignore", tol = 1e-4),
                       optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-12,
                                      xtol_rel = 0, ftol_rel = 0, maxeval = 20000))

# id of lme4.json -> data, fixed part, random part
models <- list(
  "001-01-oneway-anova-hs-REML" = list("hs", "1", "1"),
  "001-04b-random-coefficients-cwg-hs-REML" = list("hs", "dvar_ses", "dvar_ses"),
  "001-08-contextual-cwg-hs-REML" = list("hs", "dvar_ses + cvar_ses", "dvar_ses"),
  "001-05c-intercepts-slopes-outcomes-meanses-cwg-hsb-REML" = list("hsb", "dvar_ses * (meanses + sector)", "dvar_ses")
)
rows <- function(m) list(names = rownames(m), lower = unname(m[, 1]), upper = unname(m[, ncol(m)]))
one <- function(m) {
  d <- data[[m[[1]]]]
  fit <- eval(bquote(lmer(.(as.formula(sprintf("mathach ~ %s + (%s | school)", m[[2]], m[[3]]))), data = d,
                          control = control)))
  rows(suppressWarnings(confint(fit, method = "profile", oldNames = FALSE, quiet = TRUE)))
}
deviance_of <- function(dataset, fixed, random, REML) {
  d <- data[[dataset]]
  fit <- eval(bquote(lmer(.(as.formula(sprintf("mathach ~ %s + (%s)", fixed, random))), data = d, REML = .(REML),
                          control = control)))
  -2 * as.numeric(logLik(fit))
}
pairs <- list(
  list("hs", "dvar_ses", "1 | school", "dvar_ses", "dvar_ses | school", TRUE),
  list("hs", "dvar_ses", "dvar_ses || school", "dvar_ses", "dvar_ses | school", TRUE),
  list("hs", "dvar_ses", "dvar_ses | school", "dvar_ses + cvar_ses", "dvar_ses | school", FALSE),
  list("hs", "dvar_ses", "1 | school", "dvar_ses + cvar_ses", "dvar_ses | school", FALSE)
)
compare <- function(p) list(data = p[[1]], smaller = p[2:3], larger = p[4:5], REML = p[[6]],
                            statistic = deviance_of(p[[1]], p[[2]], p[[3]], p[[6]]) -
                                        deviance_of(p[[1]], p[[4]], p[[5]], p[[6]]))
versions <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")))
write_json(list(provenance = list(script = "intervals.R in this folder", software = versions,
                                  data = "hsb: load_dataset('hsb'); hs: load_dataset('hs')"),
                profile = lapply(models, one), comparisons = lapply(pairs, compare)),
           args[2], auto_unbox = TRUE, digits = NA, pretty = FALSE, null = "null")
