"""Is the fit right? Agreement with REML, with the reasons where there is none."""
