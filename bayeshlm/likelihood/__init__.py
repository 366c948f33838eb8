"""The density of the data given the parameters, and the group effects given both."""
