"""The textbooks' other estimates of a slope: pooled, within, between, two-stage."""
