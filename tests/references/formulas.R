# Fits of the formulas of formulas.json, in place:   Rscript formulas.R hsb.csv formulas.json
#
# hsb.csv is the file that bayeshlm ships (xz -dc bayeshlm/datasets/hsb.csv.xz > hsb.csv). The formulas are those that
# Model.equations("lme4") writes; lme4 fits them as they stand, to the first 60 schools and with columns of text.
suppressPackageStartupMessages({library(lme4); library(jsonlite)})

args <- commandArgs(trailingOnly = TRUE)
hsb <- read.csv(args[1])
hsb <- hsb[hsb$school %in% unique(hsb$school)[1:60], ]
hsb$sex <- ifelse(hsb$female == 1, "F", "M")
hsb$third <- ifelse(hsb$ses < -0.4, "low", ifelse(hsb$ses < 0.4, "mid", "top"))
hsb$black <- hsb$minority == 1
hsb$kind <- ifelse(hsb$sector == 1, "Catholic", "Public")
control <- lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, check.conv.singular = .makeCC("ignore", tol = 1e-4),
                       optCtrl = list(rhoend = 1e-10, maxfun = 1e5))

stored <- fromJSON(args[2], simplifyVector = FALSE)
for (name in names(stored$cases)) {
  fit <- lmer(as.formula(stored$cases[[name]]$formula), hsb, REML = FALSE, control = control)
  stored$cases[[name]]$log_likelihood <- as.numeric(logLik(fit))
  stored$cases[[name]]$parameters <- attr(logLik(fit), "df")
}
stored$provenance <- list(script = "formulas.R in this folder",
                          software = list(R = R.version.string, lme4 = as.character(packageVersion("lme4"))),
                          data = "load_dataset('hsb'), the first 60 schools; ML")
write(toJSON(stored, auto_unbox = TRUE, digits = NA, pretty = 1), args[2])
