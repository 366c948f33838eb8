"""Results as text, Markdown, LaTeX, HTML, figures and a report; all rounding happens here."""
