# The columns that R makes of the fixed part of formulas, for tests/design/test_formula_columns.py.
# Rscript tests/references/formula_columns.R > tests/references/formula_columns.json
library(splines)
d <- data.frame(
  y = c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3),
  g = rep(c("a", "b", "c", "d"), each = 4),
  x = c(1.5, 2.25, 0.5, 3, 2, 4.5, 1, 2.75, 3.5, 0.75, 1.25, 2.5, 4, 3.25, 1.75, 0.25),
  z = c(0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0),
  w = rep(c(2, 3.5, 1, 5), each = 4),
  kind = rep(c("new", "old", "old", "new"), each = 4),
  race = c("p", "q", "s", "q", "s", "p", "q", "p", "s", "q", "p", "s", "q", "s", "p", "q"),
  f = c(1, 2, 3, 1, 2, 3, 2, 1, 3, 1, 2, 3, 3, 2, 1, 2)
)
formulas <- c(
  "1", "x", "x + w", "x * w", "x:w", "x * z * w", "(x + z + w)^2", "(x + z + w)^2 - x:w", "x / z", "w * (x + z)",
  "0 + x", "x - 1", "-1 + x + w", "I(x^2)", "x + I(x^2) + I(x^2):w", "I(x * z)", "x:x + w", "poly(x, 2)",
  "poly(x, 2, raw = TRUE)", "poly(w, 2)", "log(x)", "sqrt(x) + exp(z)", "log(x) * w", "scale(x)", "scale(w)",
  "scale(x, scale = FALSE)", "I(x - mean(x))", "I(x - ave(x, g))", "I(x - ave(x, g)) + ave(x, g)", "bs(x, df = 4)",
  "race", "factor(f)", "race * x", "x + x:race", "kind", "kind * x", "x:kind", "x + x:kind", "race + kind", "race * kind",
  "w * race", "relevel(factor(race), ref = \"s\")", "C(factor(race), sum)", "0 + kind", "x:race", "race:kind",
  "race + race:x", "0 + race", "I(log(x) * w)", "scale(I(x * z))"
)
columns <- function(formula) {
  m <- model.matrix(as.formula(paste("~", formula)), d)
  lapply(seq_len(ncol(m)), function(k) unname(m[, k]))
}
json <- function(value) {
  if (is.list(value)) {
    parts <- vapply(value, json, "")
    if (!is.null(names(value))) return(paste0("{", paste0("\"", names(value), "\": ", parts, collapse = ",\n"), "}"))
    return(paste0("[", paste(parts, collapse = ", "), "]"))
  }
  written <- if (is.character(value)) paste0("\"", gsub("\"", "\\\\\"", value), "\"") else format(value, digits = 17, trim = TRUE)
  if (length(value) == 1) written else paste0("[", paste(written, collapse = ", "), "]")
}
cases <- lapply(formulas, function(f) list(formula = f, columns = columns(f)))
cat(json(list(provenance = paste("base R's model.matrix,", R.version.string, "; formula_columns.R in this folder"),
  data = as.list(d), cases = cases)), "\n")
