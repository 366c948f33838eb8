# What lme4, nlme, glmmTMB and brms make of the texts of programs.json, in place:   Rscript programs.R programs.json
#
# Run in this folder, after `python tests/programs_cases.py` has written the texts; data are the package's own CSV files.
# lme4, nlme and glmmTMB fit the texts as they stand (lme4's formula by lmer; outcomes that are not normal by glmmTMB,
# whose integral is Laplace's). brms is not sampled: its own reading of the text is kept, as the sums and the sums of
# squares of the columns of its X and Z.
suppressPackageStartupMessages({library(lme4); library(nlme); library(glmmTMB); library(brms); library(jsonlite)})

read <- function(name) {
  file <- function(name) read.csv(xzfile(file.path("../../bayeshlm/datasets", paste0(name, ".csv.xz"))))
  if (name != "hsb60") return(file(name))
  d <- file("hsb")
  d <- d[d$school %in% unique(d$school)[1:60], ]
  d$sex <- ifelse(d$female == 1, "F", "M")
  d$third <- ifelse(d$ses < -0.4, "low", ifelse(d$ses < 0.4, "mid", "top"))
  d$black <- d$minority == 1
  d$kind <- ifelse(d$sector == 1, "Catholic", "Public")
  d$gap <- ifelse((seq_len(nrow(d)) - 1) %% 7 == 3, NA, d$ses)
  d$shift <- d$ses / 2 + d$female
  d
}
control <- lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, check.conv.singular = .makeCC("ignore", tol = 1e-4),
                       check.scaleX = "ignore", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
sums <- function(X) list(sum = I(unname(colSums(X))), squares = I(unname(colSums(X^2))))
numbers <- function(fit, fixed, sigma) {
  list(log_likelihood = as.numeric(logLik(fit)), parameters = attr(logLik(fit), "df"), fixed = I(unname(fixed)),
       sigma = sigma)
}
of_lme4 <- function(text, d) {
  if (grepl("gap", text)) d <- na.omit(d)  # a formula does not say which rows are left out
  fit <- lmer(as.formula(text), d, control = control)
  numbers(fit, fixef(fit), sigma(fit))
}
of_nlme <- function(text, d) {
  fit <- eval(parse(text = text))
  numbers(fit, nlme::fixef(fit), sigma(fit))
}
of_glmmTMB <- function(text, d) {
  fit <- eval(parse(text = text))
  numbers(fit, glmmTMB::fixef(fit)$cond, if (family(fit)$family == "gaussian") sigma(fit) else NULL)
}
of_brms <- function(text, d) {
  data <- eval(parse(text = sub("^brm\\(", "make_standata(", text)))
  Z <- do.call(cbind, data[grepl("^Z_", names(data))])
  list(X = sums(data$X), Z = sums(Z), n_obs = data$N)
}
of <- list(lme4 = of_lme4, nlme = of_nlme, glmmTMB = of_glmmTMB, brms = of_brms)

file <- commandArgs(trailingOnly = TRUE)[1]
stored <- fromJSON(file, simplifyVector = FALSE)
for (name in names(stored$cases)) {
  case <- stored$cases[[name]]
  d <- read(case$data)
  for (form in intersect(names(of), names(case$texts))) {
    text <- case$texts[[form]]
    if (form == "lme4" && !grepl("^[^(]*~", text)) next  # a call of glmer and others
    stored$cases[[name]]$made[[form]] <- tryCatch(of[[form]](text, d), error = function(e) {
      message(name, " ", form, ": ", conditionMessage(e))
      list(error = conditionMessage(e))
    })
  }
}
version <- function(p) as.character(packageVersion(p))
stored$provenance <- list(script = "programs.R in this folder", software = c(
  list(R = R.version.string), sapply(c("lme4", "nlme", "glmmTMB", "brms"), version, simplify = FALSE)))
write(toJSON(stored, auto_unbox = TRUE, digits = NA, pretty = 1, null = "null"), file)
