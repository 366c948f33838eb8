# lme4 and rstanarm for compare.py: reads settings as JSON from stdin, writes an answer and the draws.
package <- commandArgs(trailingOnly = TRUE)[1]
asked <- jsonlite::fromJSON(file("stdin"))
seconds <- function(expression) unname(system.time(expression)["elapsed"])
formula <- mathach ~ sector + meanses + ses_cwc + ses_cwc:sector + ses_cwc:meanses + (ses_cwc | school)

imports <- seconds(suppressPackageStartupMessages(library(package, character.only = TRUE)))
hsb <- read.csv(asked$data)
answer <- list(import = imports, versions = list(R = as.character(getRversion())))
answer$versions[[package]] <- as.character(packageVersion(package))

if (package == "lme4") {
  answer$sample <- seconds({
    fit <- lmer(formula, hsb)
    print(summary(fit))
  })
} else {
  # Priors as stated for the others; of G, rstanarm has its decov family only.
  answer$sample <- seconds(fit <- stan_lmer(
    formula, hsb,
    prior = normal(0, asked$slopes, autoscale = FALSE),
    prior_intercept = normal(asked$y_mean, 2.5 * asked$y_sd, autoscale = FALSE),
    prior_aux = student_t(3, 0, asked$y_sd, autoscale = FALSE),
    prior_covariance = decov(regularization = 2),
    chains = asked$chains, cores = asked$cores, seed = asked$seed,
    warmup = asked$tune, iter = asked$tune + asked$draws, refresh = 0
  ))
  print(fit)
  draws <- as.array(fit) # draws x chains x parameters; the terms come in the order of the formula
  take <- function(name) as.vector(draws[, , name])
  G <- "Sigma[school:%s,%s]"
  v0 <- take(sprintf(G, "(Intercept)", "(Intercept)"))
  v1 <- take(sprintf(G, "ses_cwc", "ses_cwc"))
  columns <- list(
    g00 = take("(Intercept)"), g01 = take("sector"), g02 = take("meanses"), g10 = take("ses_cwc"),
    g11 = take("sector:ses_cwc"), g12 = take("meanses:ses_cwc"), tau_u0 = sqrt(v0), tau_u1 = sqrt(v1),
    corr = take(sprintf(G, "ses_cwc", "(Intercept)")) / sqrt(v0 * v1), sigma = take("sigma")
  )
  write.csv(as.data.frame(columns), asked$table, row.names = FALSE)
  statistics <- rstan::get_sampler_params(fit$stanfit, inc_warmup = FALSE)
  answer$divergences <- sum(sapply(statistics, function(chain) sum(chain[, "divergent__"])))
}
writeLines(jsonlite::toJSON(answer, auto_unbox = TRUE, digits = NA), asked$answer)
