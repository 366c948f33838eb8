"""The gallery's models by their groupings: what assumes one grouping is tested on the models that have one."""

from bayeshlm.equations import parse
from bayeshlm.faces.gallery import gallery_names, read_model_file

ONE_GROUPING = tuple(name for name in gallery_names() if len(parse(read_model_file(name).equations).groupings) == 1)
SEVERAL_GROUPINGS = tuple(name for name in gallery_names() if name not in ONE_GROUPING)
