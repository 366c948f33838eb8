"""Specifications that texts can have, for properties that hold for all of them."""

from hypothesis import strategies as st

from bayeshlm.equations.product import Call, Column, Product
from bayeshlm.equations.spec import FixedTerm, Level1Term, LevelEquation, ModelSpec, RandomEffect

ODD_NAMES = ("ses", "r", "u0", "b0", "U_0j", "ses_ij", "IQ.ver", "x.", "cov", "cwc", "größe", "2nd", "level 1:", "a`b")

names = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1, max_size=6),
)
columns = names.map(Column)
ref = st.one_of(names, st.integers(-99, 99), st.floats(-9, 9, allow_nan=False).filter(lambda ref: len(repr(ref)) < 18))


def product(factors: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(factors, min_size=1, max_size=2).map(lambda chosen: Product(tuple(chosen)))


def call(functions: list[str], argument: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(Call, st.sampled_from(functions), argument)


def factors(functions: list[str]) -> st.SearchStrategy:
    one_column = columns.map(lambda column: Product((column,)))
    categories = st.one_of(
        st.builds(Call, st.just("C"), one_column),
        st.builds(Call, st.just("C"), one_column, ref.map(lambda ref: (("ref", ref),))),
        st.builds(Call, st.just("C"), one_column, st.just((("coding", "sum"),))),
    )
    numeric = st.recursive(
        columns, lambda inner: call([*functions, "cgm", "scale", "log"], product(inner)), max_leaves=3
    )
    bases = st.one_of(
        st.builds(Call, st.just("poly"), product(numeric), st.just((("degree", 2), ("raw", True)))),
        st.builds(Call, st.just("poly"), product(numeric), st.integers(1, 5).map(lambda k: (("degree", k),))),
        st.builds(Call, st.just("bs"), product(numeric), st.just((("df", 4), ("degree", 2)))),
    )
    return st.one_of(
        numeric,
        categories,
        bases,
        call([*{"mean"}.intersection(functions), "scale"], categories.map(lambda c: Product((c,)))),
    )


@st.composite
def specs(draw: st.DrawFn) -> ModelSpec:
    """Specifications that texts can have, with effects known by position or by their letters."""
    coefficient, fixed, random = draw(st.permutations(["b", "delta", "w"]).map(lambda stems: (stems[0], "g", "u")))
    if draw(st.booleans()):
        fixed, random = "phi", "eta"
    k = draw(st.integers(1, 4))
    intercept = draw(st.booleans())
    level1 = tuple(
        Level1Term(f"{coefficient}{i}", Product() if i == 0 and intercept else draw(product(factors(["cwc", "mean"]))))
        for i in range(k)
    )
    level2 = []
    for i in range(k):
        only_random = i > 0 and draw(st.booleans())
        constant = i == 0 or draw(st.booleans())
        scaled = draw(st.lists(product(factors(["mean"])), min_size=0 if constant else 1, max_size=2))
        terms = ([Product()] if constant else []) + scaled
        effects = tuple(FixedTerm(f"{fixed}{i}{j}", expression) for j, expression in enumerate(terms))
        has_random = i == 0 or only_random or draw(st.booleans())
        deviation = (RandomEffect(f"{random}{i}"),) if has_random else ()
        level2.append(LevelEquation(f"{coefficient}{i}", () if only_random else effects, deviation))
    effects_u = [line.random for line in level2 if line.random is not None]
    block_of = {effect: draw(st.integers(0, 2)) for effect in effects_u}
    numbers = list(dict.fromkeys(block_of.values()))
    return ModelSpec(
        outcome=draw(columns),
        levels=(level1, tuple(level2)),
        groupings=(draw(st.one_of(st.none(), names)),),
        residual=draw(st.sampled_from(["r", "e", "z1"])),
        blocks_by_grouping=(
            tuple(tuple(effect for effect in effects_u if block_of[effect] == number) for number in numbers),
        ),
        offsets=tuple(draw(st.lists(product(columns), max_size=2))),
    )


@st.composite
def deep_specs(draw: st.DrawFn) -> ModelSpec:
    """Specifications of two to four levels, with one or several groupings each, and of cells."""
    n_higher = draw(st.integers(1, 3))
    own, names_of = [], draw(st.lists(st.one_of(names, st.just("a:b")), min_size=6, max_size=6, unique=True))
    for _ in range(n_higher):
        own.append(draw(st.sampled_from([[None], names_of[:1], names_of[:2]])))
        names_of = names_of[2:]
    groupings = [name for level in own for name in level]
    first = [sum(map(len, own[:number])) for number in range(n_higher)]
    one = [len(level) == 1 for level in own]

    def expression(level: int) -> Product:
        functions = ["mean"] * (one[0] and (level == 0 or one[level - 1]))
        if level < n_higher and one[level] and draw(st.booleans()):
            functions = ["cwc"]
        return draw(product(factors(functions)))

    terms = [Level1Term("p0", Product())] + [
        Level1Term(f"p{i}", expression(0)) for i in range(1, draw(st.integers(1, 3)))
    ]
    levels: list = [tuple(terms)]
    below = [(term.coefficient, term.expression.is_constant, frozenset()) for term in terms]
    blocks: list[list[list[str]]] = [[] for _ in groupings]
    for level in range(1, n_higher + 1):
        lines, above = [], []
        for number, (coefficient, is_intercept, inherited) in enumerate(below):
            taken = inherited if is_intercept else frozenset()
            may = list(range(first[level - 1], first[level - 1] + len(own[level - 1])))
            if number > 0 and None not in own[level - 1]:
                may += [first[k] for k in range(level, n_higher) if own[k][0] is not None]
            chosen = [k for k in may if number == 0 or draw(st.booleans())]
            effects = tuple(
                RandomEffect(f"{'uvs'[level - 1]}{number}{place}", k)
                for place, k in enumerate(position for position in chosen if position not in taken)
            )
            expressions = [expression(level) for _ in range(draw(st.integers(0, 2)))]
            if number == 0 or not (expressions or effects) or draw(st.booleans()):
                expressions.insert(0, Product())
            fixed = tuple(FixedTerm(f"{'bdg'[level - 1]}{number}{k}", one) for k, one in enumerate(expressions))
            lines.append(LevelEquation(coefficient, fixed, effects))
            held = taken | {effect.grouping for effect in effects}
            has_line = [level < n_higher and (number == k == 0 or draw(st.booleans())) for k in range(len(fixed))]
            above += [(f.symbol, f.expression.is_constant, held) for f, has in zip(fixed, has_line, strict=True) if has]
            for effect in effects:
                partition = blocks[effect.grouping]
                place = draw(st.integers(0, len(partition)))
                partition[place:] = [*partition[place:], []] if place == len(partition) else partition[place:]
                partition[place].append(effect.symbol)
        levels.append(tuple(lines))
        below = above
    return ModelSpec(
        outcome=draw(columns),
        levels=tuple(levels),
        groupings=tuple(groupings),
        residual="e",
        blocks_by_grouping=tuple(tuple(map(tuple, partition)) for partition in blocks),
        offsets=tuple(draw(st.lists(product(columns), max_size=1))),
    )
