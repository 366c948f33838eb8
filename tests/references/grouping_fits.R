# Refit the models of grouping_fits.json:   Rscript grouping_fits.R refit.json [folder]
#
# Run in this folder. Data are the CSV files of grouping_data/, or of the folder given. The stored optima were polished
# by Newton steps beyond the optimizer used here.
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(jsonlite)})

args <- commandArgs(trailingOnly = TRUE)
folder <- if (length(args) > 1) args[2] else "grouping_data"
control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.scaleX = "ignore",
                       check.conv.singular = .makeCC("ignore", tol = 1e-4),
                       optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-12,
                                      xtol_rel = 0, ftol_rel = 0, maxeval = 20000))
refit <- function(case) {
  path <- file.path(folder, paste0(case$data, ".csv.gz"))
  if (!file.exists(path)) return(NULL)
  d <- read.csv(path)
  for (g in names(case$groupings)) d[[g]] <- factor(d[[g]])
  m <- eval(bquote(lmerTest::lmer(.(as.formula(case$formula)), data = d, REML = .(case$method == "REML"),
                                  control = control)))
  s <- coef(summary(m, ddf = "Satterthwaite"))
  fixed <- list(names = names(fixef(m)), estimate = unname(fixef(m)), se = unname(s[, "Std. Error"]),
                satterthwaite_df = unname(s[, "df"]))
  if (!is.null(case$fixed$kenward_roger_df)) {  # by pbkrtest
    k <- coef(summary(m, ddf = "Kenward-Roger"))
    fixed$kenward_roger_se <- unname(k[, "Std. Error"]); fixed$kenward_roger_df <- unname(k[, "df"])
  }
  r <- as.data.frame(ranef(m, condVar = TRUE))
  list(id = case$id, fixed = fixed, cov = lapply(VarCorr(m), function(G) unname(as.matrix(G[, ]))), sigma = sigma(m),
       criterion = -2 * as.numeric(logLik(m)), singular = isSingular(m, tol = 1e-4),
       ranef = r[, c("grpvar", "term", "grp", "condval", "condsd")],
       scaled_residuals = unname(quantile(residuals(m) / sigma(m))))
}
cases <- fromJSON("grouping_fits.json", simplifyVector = FALSE)$cases
write_json(Filter(Negate(is.null), lapply(cases, refit)), args[1], auto_unbox = TRUE, digits = NA)
