# Hold the models of family_fits.json against R again:   Rscript family_fits.R
#
# Run in this folder. Refits by lme4's glmer and ordinal's clmm with 25 nodes where they take the model, and of every
# model with one random effect the log-likelihood at the stored estimates, integrated over a grid of 0.02 SD. Prints the
# largest difference of an estimate, in standard errors, and the difference of the log-likelihoods.
suppressPackageStartupMessages({library(lme4); library(ordinal); library(jsonlite)})

control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-8, maxfun = 1e5), tolPwrss = 1e-13,
                        calc.derivs = FALSE)
glmms <- list(
  "bacteria-agq25" = function(d) glmer(y ~ drug + drugplus + late + (1 | id), d, binomial, control, nAGQ = 25),
  "contraception-ri-agq25" = function(d) glmer(use ~ age + age2 + urban + livch1 + livch2 + livch3p + (1 | district), d,
                                               binomial, control, nAGQ = 25),
  "epil-poisson-agq25" = function(d) glmer(y ~ lbase + progabide + lage + v4 + lbase:progabide + (1 | subject), d,
                                           poisson, control, nAGQ = 25),
  "mmmec-uvb-region-agq25" = function(d) glmer(deaths ~ uvb + offset(logexp) + (1 | region), d, poisson, control,
                                               nAGQ = 25),
  "sim-binomial-trials-agq25" = function(d) glmer(cbind(y_binom, trials - y_binom) ~ x + z + (1 | grp), d, binomial,
                                                  control, nAGQ = 25),
  "wine-clmm-logit-agq25" = function(d) clmm(factor(rating) ~ warm + contact + (1 | judge), d, nAGQ = 25),
  "wine-clmm-probit-agq25" = function(d) clmm(factor(rating) ~ warm + contact + (1 | judge), d, nAGQ = 25,
                                              link = "probit")
)
cumulative <- function(F) function(d, eta, a) {
  ends <- c(-Inf, a, Inf)
  log(F(ends[d$rating + 1] - eta) - F(ends[d$rating] - eta))
}
densities <- list(  # of a row at a predictor and the parameters of the distribution
  bacteria = function(d, eta, a) dbinom(d$y, 1, plogis(eta), log = TRUE),
  contraception = function(d, eta, a) dbinom(d$use, 1, plogis(eta), log = TRUE),
  epil = function(d, eta, a) dpois(d$y, exp(eta), log = TRUE),
  mmmec = function(d, eta, a) dpois(d$deaths, exp(eta + d$logexp), log = TRUE),
  salamanders = function(d, eta, a) dnbinom(d$count, size = a, mu = exp(eta), log = TRUE),
  "sim-gamma" = function(d, eta, a) dgamma(d$y_gamma, a, a / exp(eta), log = TRUE),
  "sim-beta" = function(d, eta, a) dbeta(d$y_beta, a * plogis(eta), a * plogis(-eta), log = TRUE),
  "sim-binomial" = function(d, eta, a) dbinom(d$y_binom, d$trials, plogis(eta), log = TRUE),
  "wine-clmm-logit" = cumulative(plogis),
  "wine-clmm-probit" = cumulative(pnorm)
)
integrated <- function(d, eta, group, tau, a, density) {
  b <- seq(-9, 9, 0.02)
  inside <- sapply(b, function(one) rowsum(density(d, eta + tau * one, a), group)) + rep(dnorm(b, log = TRUE),
                                                                                        each = length(unique(group)))
  top <- apply(inside, 1, max)
  sum(top + log(rowSums(exp(inside - top)) * 0.02))
}
for (case in fromJSON("family_fits.json", simplifyVector = FALSE)$cases) {
  d <- read.csv(file.path("family_data", paste0(case$data, ".csv.gz")))
  d[[case$group]] <- factor(d[[case$group]])
  gamma <- sapply(case$fixed, `[[`, 1); se <- sapply(case$fixed, `[[`, 2)
  if (length(case$tau) == 1) {
    terms <- sub("~ 1", "~", sub(" \\+ \\(1.*", "", sub(".*~ ", "~ ", case$formula)))
    terms <- gsub("\\+ offset\\(logexp\\)", "", terms)
    X <- model.matrix(as.formula(terms), d)
    if (startsWith(case$id, "wine")) X <- X[, -1]
    stopifnot(ncol(X) == length(gamma))
    density <- densities[[which(startsWith(case$id, names(densities)))]]
    ll <- integrated(d, drop(X %*% unname(gamma)), d[[case$group]], case$tau[[1]], unlist(case$auxiliary), density)
    cat(sprintf("%-28s grid: log-likelihood %+.1e\n", case$id, ll - case$log_likelihood_more_nodes))
  }
  if (case$id %in% names(glmms)) {
    m <- glmms[[case$id]](d)
    estimate <- if (inherits(m, "clmm")) c(m$beta, m$ST[[1]]) else c(fixef(m), sqrt(unlist(VarCorr(m))))
    stored <- c(gamma, case$tau[[1]])
    off <- max(abs(estimate - stored) / c(se, stored[length(stored)]))
    cat(sprintf("%-28s refit: estimates %.1e standard errors\n", "", off))
  }
}
