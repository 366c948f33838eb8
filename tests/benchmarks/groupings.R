# lme4 for groupings.py: one deviance of the growth model, or lmer's fit of InstEval, which is written to a file, too.
arguments <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages(library(lme4))
answer <- list(note = paste("lme4", packageVersion("lme4")))
if (arguments[1] == "deviance") {
  growth <- read.csv(file.path(arguments[2], "growth.csv"))
  deviance_at <- lmer(
    math ~ size + female + year + (1 + year | child) + (1 + year | school), growth,
    devFunOnly = TRUE
  )
  theta <- c(1.4, 0.05, 0.2, 0.7, 0.05, 0.2)
  invisible(deviance_at(theta))
  times <- 200
  seconds <- sapply(1:5, function(k) system.time(for (i in 1:times) deviance_at(theta + i * 1e-9))["elapsed"])
  answer$us <- min(seconds) / times * 1e6
} else {
  data(InstEval)
  write.csv(InstEval[c("y", "s", "d", "dept", "service")], file.path(arguments[2], "insteval.csv"), row.names = FALSE)
  answer$lmer <- unname(system.time(fit <- lmer(y ~ service + (1 | s) + (1 | d) + (1 | dept), InstEval))["elapsed"])
  print(summary(fit), correlation = FALSE)
}
cat(jsonlite::toJSON(answer, auto_unbox = TRUE, digits = NA), "\n", sep = "")
