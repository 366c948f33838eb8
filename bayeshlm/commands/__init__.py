"""The command line, its model files and its folders of results."""
