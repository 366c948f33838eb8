"""How many cases are tried: few by default, many with ``pytest tests/trust -m "" --hypothesis-profile=nightly``."""

from hypothesis import HealthCheck, settings

settings.register_profile("nightly", max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
