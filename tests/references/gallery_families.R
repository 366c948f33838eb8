# Maximum likelihood of the gallery's models whose outcomes are not normal:
#   Rscript gallery_families.R FOLDER > gallery_families.json
# where FOLDER holds the shipped data sets as NAME.csv. The random effects are integrated out on a grid of equal steps,
# whose error falls faster than any power of the step (Trefethen & Weideman 2014, SIAM Review 56, 385-458): no
# approximation is left in the digits shown. glmer and clmm with 25 nodes stand beside where they have the model.
# SEs: inverse of minus the Hessian of the log likelihood over all parameters.
suppressMessages({ library(lme4); library(ordinal); library(jsonlite); library(numDeriv) })
folder <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))

increasing <- function(a) cumsum(c(a[1], exp(a[-1])))
density_of <- list(
  Bernoulli = function(y, n, eta, a) plogis((2 * y - 1) * eta, log.p = TRUE),
  Binomial = function(y, n, eta, a) dbinom(y, n, plogis(eta), log = TRUE),
  Poisson = function(y, n, eta, a) dpois(y, exp(eta), log = TRUE),
  NegativeBinomial = function(y, n, eta, a) dnbinom(y, size = exp(a), mu = exp(eta), log = TRUE),
  Gamma = function(y, n, eta, a) dgamma(y, exp(a), exp(a) / exp(eta), log = TRUE),
  Beta = function(y, n, eta, a) dbeta(y, plogis(eta) * exp(a), plogis(-eta) * exp(a), log = TRUE),
  StudentT = function(y, n, eta, a) dt((y - eta) / exp(a[1]), exp(a[2]), log = TRUE) - a[1],
  Ordinal = function(y, n, eta, a) {
    at <- c(-Inf, increasing(a), Inf)
    log(plogis(at[y + 1] - eta) - plogis(at[y] - eta))
  }
)
natural <- function(family, a) {
  switch(family,
    Bernoulli = , Binomial = , Poisson = list(),
    NegativeBinomial = , Beta = list(phi = exp(a)), Gamma = list(shape = exp(a)),
    StudentT = list(sigma = exp(a[1]), nu = exp(a[2])), Ordinal = list(cutpoint = increasing(a))
  )
}

# Log likelihood of theta = (beta, log SDs, atanh of the correlation, a); Z of one or two columns.
log_likelihood <- function(theta, family, y, n, X, Z, group, p, q, steps) {
  beta <- theta[seq_len(p)]
  sd <- exp(theta[p + seq_len(q)])
  rest <- theta[-seq_len(p + q)]
  chol <- diag(sd, q)
  if (q == 2) {
    r <- tanh(rest[1])
    chol[2, ] <- sd[2] * c(r, sqrt(1 - r^2))
    rest <- rest[-1]
  }
  one <- seq(-9, 9, length.out = steps)
  nodes <- as.matrix(expand.grid(rep(list(one), q)))
  weights <- rowSums(dnorm(nodes, log = TRUE)) + q * log(one[2] - one[1])
  total <- matrix(weights, length(unique(group)), nrow(nodes), byrow = TRUE)
  u <- nodes %*% t(chol)
  eta <- drop(X %*% beta) + Z %*% t(u)
  rows <- density_of[[family]](y, n, eta, rest)
  total <- total + rowsum(matrix(rows, length(y)), group)
  top <- apply(total, 1, max)
  sum(top + log(rowSums(exp(total - top))))
}

estimate <- function(name, family, formula, random, data, group, start, trials = NULL, steps = 601, note = NULL) {
  frame <- model.frame(formula, data)
  y <- model.response(frame)
  X <- model.matrix(formula, data)
  if (family == "Ordinal") X <- X[, -1, drop = FALSE]
  Z <- model.matrix(random, data)
  n <- if (is.null(trials)) rep(1, length(y)) else trials
  g <- match(group, unique(group))
  p <- ncol(X)
  q <- ncol(Z)
  f <- function(theta) -log_likelihood(theta, family, y, n, X, Z, g, p, q, steps)
  found <- nlminb(start, f, control = list(rel.tol = 1e-14, x.tol = 1e-12, iter.max = 500, eval.max = 2000))$par
  for (step in 1:3) found <- found - solve(hessian(f, found), grad(f, found))
  H <- hessian(f, found)
  se <- sqrt(diag(solve(H)))
  a <- found[-seq_len(p + q + (q == 2))]
  result <- list(
    family = family, formula = deparse(formula, 500), random = deparse(random), n_obs = length(y),
    log_likelihood = -f(found), last_gradient = max(abs(grad(f, found)) * se),
    fixed = list(names = colnames(X), estimate = found[seq_len(p)], se = se[seq_len(p)]),
    tau = exp(found[p + seq_len(q)]), auxiliary = natural(family, a)
  )
  if (q == 2) result$corr <- tanh(found[p + q + 1])
  if (!is.null(note)) result$beside <- note
  message(name, " ", format(result$log_likelihood, digits = 12), " gradient in SE ", signif(result$last_gradient, 2))
  result
}
beside_glmer <- function(fit) {
  list(software = "glmer, nAGQ = 25", log_likelihood = NULL, fixed = unname(fixef(fit)), tau = unname(fit@theta[1]))
}

clinics <- read("clinics"); seeds <- read("seeds"); epilepsy <- read("epilepsy"); wine <- read("wine")
orthodont <- read("orthodont")
epilepsy$log_baseline <- log(epilepsy$baseline) - mean(log(epilepsy$baseline))
epilepsy$log_age <- log(epilepsy$age) - mean(log(epilepsy$age))
orthodont$age_c <- orthodont$age - mean(orthodont$age)
seizures <- seizures ~ log_baseline * progabide + log_age + fourth
recovery <- recovered ~ urban + treated + severity

out <- list()
out[["clinics-recovery"]] <- estimate("recovery", "Bernoulli", recovery, ~1, clinics, clinics$clinic, c(0, 0, 0, 0, 0),
  note = beside_glmer(glmer(recovered ~ urban + treated + severity + (1 | clinic), clinics, binomial, nAGQ = 25)))
out[["clinics-recovery-by-treatment"]] <- estimate("by treatment", "Bernoulli", recovery, ~treated, clinics,
  clinics$clinic, c(out[[1]]$fixed$estimate, -0.3, -0.7, 0), steps = 61)
out[["clinics-cost"]] <- estimate("cost", "Gamma", cost ~ urban + treated + severity, ~1, clinics, clinics$clinic,
  c(log(mean(clinics$cost)), 0, 0, 0, -1, 1))
out[["clinics-adherence"]] <- estimate("adherence", "Beta", adherence ~ urban + severity, ~1, clinics, clinics$clinic,
  c(0.9, 0, 0, -0.7, 1.8))
out[["seeds-germination"]] <- estimate("seeds", "Binomial", germinated ~ aegyptiaca_73 * cucumber, ~1, seeds,
  seeds$plate, c(-0.5, 0, 1.3, -0.8, -1.4), trials = seeds$seeds, note = beside_glmer(glmer(
    cbind(germinated, seeds - germinated) ~ aegyptiaca_73 * cucumber + (1 | plate), seeds, binomial, nAGQ = 25)))
out[["epilepsy-poisson"]] <- estimate("epilepsy", "Poisson", seizures, ~1, epilepsy, epilepsy$patient,
  c(1.8, 0.9, -0.3, 0.4, -0.1, 0.3, -0.7), note = beside_glmer(glmer(
    update(seizures, . ~ . + (1 | patient)), epilepsy, poisson, nAGQ = 25)))
out[["epilepsy-negative-binomial"]] <- estimate("overdispersed", "NegativeBinomial", seizures, ~1, epilepsy,
  epilepsy$patient, c(1.8, 0.9, -0.3, 0.4, -0.1, 0.3, -0.7, 2))
cm <- clmm(factor(rating) ~ warm + contact + (1 | judge), data = transform(wine, judge = factor(judge)), nAGQ = 25)
out[["wine-bitterness"]] <- estimate("wine", "Ordinal", rating ~ warm + contact, ~1, wine, wine$judge,
  c(3, 1.8, 0.2, -1.6, 1.1, 1.1, 0.7), note = list(software = "clmm, nAGQ = 25", log_likelihood = as.numeric(logLik(cm)),
    fixed = unname(cm$beta), tau = unname(cm$ST[[1]][1])))
out[["orthodont-student-t"]] <- estimate("orthodont", "StudentT", distance ~ girl * age_c, ~1, orthodont,
  orthodont$child, c(25, -2.3, 0.8, -0.3, 0.5, 0, 1.5))
versions <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
  ordinal = as.character(packageVersion("ordinal")))
cat(toJSON(list(versions = versions, cases = out), digits = 12, auto_unbox = TRUE, pretty = TRUE), "\n")
