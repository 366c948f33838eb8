# Type III tests of type_three.json:   Rscript type_three.R type_three.json
#
# ChickWeight and Orthodont come with R and nlme; the rows that the tests need are written beside the numbers. crossed is
# simulated here: a level-1 category that crosses a level-2 category, in unbalanced cells. F is of lmerTest's type III
# test, F_sum that of the columns under sum coding (type "marginal"). They are one but for chick_slope: where a product
# stands without one of its parts (Time:Diet without Diet), lmerTest 3.1-3 does not see that it contains Time, and tests
# the slope of the first diet under any coding; there F_sum alone averages over the diets.
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(nlme); library(jsonlite)})

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-12, maxfun = 1e5),
                       check.conv.singular = "ignore")
chick <- data.frame(weight = ChickWeight$weight, Time = ChickWeight$Time,
                    Chick = as.character(ChickWeight$Chick), Diet = paste0("d", ChickWeight$Diet))
ortho <- data.frame(distance = Orthodont$distance, age = Orthodont$age, Subject = as.character(Orthodont$Subject),
                    Sex = as.character(Orthodont$Sex))
set.seed(7)
n <- rep(5:14, 4)
school <- rep(seq_along(n), n)
sector <- c("a", "b", "c")[c(rep(1, 20), rep(2, 12), rep(3, 8))][school]
race <- sample(c("p", "q", "s"), length(school), TRUE, c(.6, .3, .1))
ses <- round(rnorm(length(school), .4), 3)
y <- 2 + c(a = 0, b = 1, c = .5)[sector] + c(p = 0, q = .6, s = -.4)[race] + .5 * (sector == "b") * (race == "q") +
  (.3 + .4 * (sector == "c")) * ses + rnorm(40)[school] + .4 * rnorm(40)[school] * ses + rnorm(length(school))
crossed <- data.frame(y = round(unname(y), 4), ses, race, sector, school)

models <- list(
  chick_intercept = list("chick", "weight ~ Diet * Time + (Time | Chick)"),
  chick_slope = list("chick", "weight ~ Time + Time:Diet + (Time | Chick)"),
  ortho = list("ortho", "distance ~ Sex * age + (age | Subject)"),
  crossed = list("crossed", "y ~ race * sector + ses * sector + (ses | school)"),
  crossed_level1 = list("crossed", "y ~ race * ses + sector + (1 | school)")
)
data <- list(chick = chick, ortho = ortho, crossed = crossed)
tests <- lapply(models, function(m) {
  d <- data[[m[[1]]]]
  found <- lapply(c("contr.treatment", "contr.sum"), function(coding) {
    for (name in intersect(c("Diet", "Sex", "race", "sector"), names(d))) {
      d[[name]] <- factor(d[[name]])
      contrasts(d[[name]]) <- coding
    }
    fit <- lmer(as.formula(m[[2]]), d, control = control)
    a <- as.data.frame(anova(fit, type = 3))
    b <- as.data.frame(anova(fit, type = "marginal"))
    list(term = rownames(a), numdf = a$NumDF, dendf = a$DenDF, F = a$`F value`, F_sum = b$`F value`,
         dendf_sum = b$DenDF, REML = REMLcrit(fit))
  })
  stopifnot(all.equal(found[[1]]$F, found[[2]]$F, tolerance = 1e-5))
  if (m[[2]] != models$chick_slope[[2]]) stopifnot(all.equal(found[[2]]$F, found[[2]]$F_sum, tolerance = 1e-5))
  c(list(data = m[[1]], formula = m[[2]]), found[[2]])
})
versions <- sapply(c("lme4", "lmerTest", "nlme"), function(p) as.character(packageVersion(p)))
out <- list(provenance = c(list(R = R.version$version.string, script = "type_three.R"), as.list(versions)),
            data = data, tests = tests)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"), commandArgs(trailingOnly = TRUE)[1])
