# Refit the models of lme4.json:   Rscript lme4.R hsb.csv refit.json
#
# hsb.csv is the file that bayeshlm ships (xz -dc bayeshlm/datasets/hsb.csv.xz > hsb.csv); lme4.json is read from
# the working directory for the ids, data and formulas. The stored optima were polished by Newton steps beyond the
# optimizer used here: with lme4 1.1-31 and lmerTest 3.1-3 the two agree within 4e-6 (relative).
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(jsonlite)})

args <- commandArgs(trailingOnly = TRUE)
hsb <- read.csv(args[1])
hs_ids <- c(1317, 1906, 2208, 2458, 2626, 2629, 2639, 2658, 2771, 3013, 3610, 3992, 4292, 4511, 4530, 4868, 5619, 5640,
            5650, 5720, 5761, 5762, 6074, 6484, 6897, 7172, 7232, 7342, 7345, 7688, 7697, 7890, 7919, 8531, 8627, 8707,
            8854, 8874, 9550, 9586)
with_means <- function(d) {
  d$school <- factor(d$school)
  d$cvar_ses <- ave(d$ses, d$school)   # school mean of the rows in use
  d$dvar_ses <- d$ses - d$cvar_ses     # centered within schools
  d
}
# three decimals to two, half away from zero in exact decimals
two_decimals <- function(x) { k <- round(1000 * x); sign(k) * floor((abs(k) + 5) / 10) / 100 }
data <- list(
  hsb = with_means(hsb),
  hs = with_means(hsb[hsb$school %in% hs_ids, ]),
  lee_bryk = data.frame(schoolid = factor(hsb$school, labels = seq_along(unique(hsb$school))),
                        math = two_decimals(hsb$mathach), ses = two_decimals(hsb$ses),
                        mses = two_decimals(hsb$meanses), sector = hsb$sector)
)

control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.scaleX = "ignore",
                       check.conv.singular = .makeCC("ignore", tol = 1e-4),
                       optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-12,
                                      xtol_rel = 0, ftol_rel = 0, maxeval = 20000))
refit <- function(case) {
  REML <- case$method == "REML"
  d <- data[[case$data]]
  m <- eval(bquote(lmerTest::lmer(.(as.formula(case$formula)), data = d, REML = .(REML), control = control)))
  s <- coef(summary(m, ddf = "Satterthwaite"))
  G <- VarCorr(m)[[1]]
  list(id = case$id, values = list(
    fixed = list(names = names(fixef(m)), estimate = unname(fixef(m)), se = unname(s[, "Std. Error"]),
                 satterthwaite_df = unname(s[, "df"]), satterthwaite_p = unname(s[, "Pr(>|t|)"])),
    terms = rownames(G), sd = unname(attr(G, "stddev")), corr = unname(attr(G, "correlation")), sigma = sigma(m),
    criterion = if (REML) REMLcrit(m) else -2 * as.numeric(logLik(m)), singular = isSingular(m, tol = 1e-4)))
}
cases <- fromJSON("lme4.json", simplifyVector = FALSE)$cases
write_json(lapply(cases, refit), args[2], auto_unbox = TRUE, digits = NA)
