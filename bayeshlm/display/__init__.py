"""Results as text and HTML: all rounding happens here."""
