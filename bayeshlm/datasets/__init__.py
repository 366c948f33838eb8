"""Data: the shipped data sets with their codebooks, and the reading of the user's own tables."""

from bayeshlm.datasets.codebook import dataset_names, describe_dataset
from bayeshlm.datasets.dataset import Dataset, Variable
from bayeshlm.datasets.loading import load_dataset
from bayeshlm.source.table_files import read_table

__all__ = ["Dataset", "Variable", "dataset_names", "describe_dataset", "load_dataset", "read_table"]
