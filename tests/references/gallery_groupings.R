# lme4's fits of the gallery's models with several groupings:   Rscript gallery_groupings.R gallery_groupings.json
#
# Run in this folder; data are the package's own CSV files. BOBYQA to 1e-12, then Newton steps on lme4's own criterion
# with numDeriv's gradient and Hessian. step is the last step in units of the standard errors of theta.
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(jsonlite); library(numDeriv)})

read <- function(name) {
  d <- read.csv(xzfile(file.path("../../bayeshlm/datasets", paste0(name, ".csv.xz"))))
  if (name == "growth") d$poverty_c <- d$poverty - mean(tapply(d$poverty, d$school, mean))  # over schools
  if (name == "classes") {
    d$class_in_school <- paste(d$school, d$classroom, sep = ":")
    d$pretest_c <- d$pretest - mean(d$pretest)
  }
  if (name == "pastes") d$cask_in_batch <- paste(d$batch, d$cask, sep = ":")
  d
}
models <- list(
  c("growth-random-intercepts", "growth", "math ~ year + (1 | child) + (1 | school)"),
  c("growth-unconditional", "growth", "math ~ year + (year | child) + (year | school)"),
  c("growth-child-and-school", "growth",
    "math ~ poverty_c + lunch + female + year + year:poverty_c + year:lunch + (year | child) + (year | school)"),
  c("classes-null", "classes", "score ~ 1 + (1 | class_in_school) + (1 | school)"),
  c("classes-pretest", "classes",
    "score ~ private + experience + pretest_c + (pretest_c | class_in_school) + (1 | school)"),
  c("attainment-null", "attainment", "attain ~ 1 + (1 | primary) + (1 | secondary)"),
  c("attainment-verbal", "attainment",
    "attain ~ selective + verbal + female + (verbal | primary) + (1 | secondary)"),
  c("penicillin-crossed", "penicillin", "diameter ~ 1 + (1 | plate) + (1 | preparation)"),
  c("pastes-nested", "pastes", "strength ~ 1 + (1 | cask_in_batch) + (1 | batch)"))
control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.scaleX = "ignore",
                       optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-12, ftol_abs = 1e-12,
                                      xtol_rel = 0, ftol_rel = 0, maxeval = 20000))
fit <- function(model, REML = TRUE) {
  d <- read(model[2])
  call <- function(...) eval(bquote(lmerTest::lmer(.(as.formula(model[3])), data = d, REML = .(REML), ...)))
  theta <- getME(call(control = control), "theta")
  criterion <- call(control = control, devFunOnly = TRUE)
  for (k in 1:3) {
    H <- hessian(criterion, theta)
    step <- solve(H, grad(criterion, theta))
    theta <- theta - step
  }
  m <- call(start = theta, control = lmerControl(optimizer = NULL, calc.derivs = FALSE, check.scaleX = "ignore"))
  s <- coef(summary(m, ddf = "Satterthwaite"))
  list(id = model[1], data = model[2], formula = model[3], method = if (REML) "REML" else "ML", n_obs = nrow(d),
       fixed = list(names = I(names(fixef(m))), estimate = I(unname(fixef(m))), se = I(unname(s[, "Std. Error"])),
                    satterthwaite_df = I(unname(s[, "df"]))),
       groupings = lapply(VarCorr(m), function(G)
         list(terms = I(rownames(G)), cov = unname(as.matrix(G[, , drop = FALSE])))),
       sigma = sigma(m), criterion = if (REML) REMLcrit(m) else -2 * as.numeric(logLik(m)), step = max(abs(step) * sqrt(diag(H) / 2)))
}
version <- function(p) as.character(packageVersion(p))
out <- list(meta = list(software = list(R = R.version.string, lme4 = version("lme4"), lmerTest = version("lmerTest"),
                                        numDeriv = version("numDeriv")), script = "gallery_groupings.R"),
            cases = lapply(models, fit), ml = lapply(models, fit, REML = FALSE))  # HLM3 and HCM2 print ML
write_json(out, commandArgs(trailingOnly = TRUE)[1], auto_unbox = TRUE, digits = NA, pretty = FALSE)
