import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayeshlm.equations import canonical
from bayeshlm.equations.symbols import stem


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        *((spelling, "g00") for spelling in ("γ00", "γ_00", "gamma00", "gamma_00", "Gamma_00", "g_00", "G00", "γ₀₀")),
        *((spelling, "g00") for spelling in (r"\gamma_{00}", "gamma_{00}", r"\gamma_{0,0}", "Γ_00")),
        *((spelling, "b0") for spelling in ("β0j", "β_0j", "b0j", "beta_0j", "b_0", "β₀ⱼ", "B0", "b0_j", "β_0_j")),
        *((spelling, "u0") for spelling in ("U_0j", "u0j", "u_0", "U0", r"u_{0j}")),
        *((spelling, "b") for spelling in ("βj", "β_j", "beta_j", "betaj", "b", "β_ij")),
        *((spelling, "e") for spelling in ("ε_ij", "ϵ_ij", "epsilon_ij", "eps", "varepsilon", "e_ij", "εij", "eij")),
        *((spelling, "r") for spelling in ("r_ij", "R_ij", "r", "rij", "r_i")),
        *((spelling, "pi0") for spelling in ("π0jk", "π_0jk", "π₀ⱼₖ", r"\pi_{0jk}", "pi_0jk", "π0ij", "π_0tij", "π0i")),
        *((spelling, "b00") for spelling in ("β00k", "β_00k", "beta_00k", "B00", r"\beta_{00k}", "β₀₀ₖ", "β_00kl")),
        *((spelling, "g000") for spelling in ("γ000", "G000", r"\gamma_{000}", "γ_000l", "γ000l")),
        *((spelling, "e") for spelling in ("eijk", "e_ijk", "e_tij", "eti", "ε_ijkl", "ε_tijk", "e_jk")),
        ("u_k", "u"),
        ("uk", "uk"),
        ("slope_t", "slope_t"),
        ("δ", "delta"),
        ("τ_00", "tau00"),
        ("σ", "sigma"),
        ("ς", "sigma"),
        ("tau_u0", "tau_u0"),
        ("τ_u0", "tau_u0"),
        ("psi", "psi"),
        ("ξ", "xi"),
        ("πi", "pi"),
        ("slope_1", "slope1"),
        ("school_effect_j", "school_effect"),
        ("betas", "betas"),
        ("v_1j", "v1"),
        ("_j", "_j"),
        ("j", "j"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_canonical_spelling(symbol, expected):
    assert canonical(symbol) == expected


@settings(database=None, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("βγετijkl_0123ab{}\\₀ⱼₖ")), max_size=12))
def test_the_spelling_of_a_canonical_symbol_is_itself(symbol):
    once = canonical(symbol)
    assert canonical(once) == once


def test_a_long_symbol_takes_no_time():
    assert canonical("u" + "_j" * 5000) == "u"


@pytest.mark.parametrize(("symbol", "letters"), [("u0", "u"), ("g00", "g"), ("b", "b"), ("x2y3", "x2y")])
def test_stem(symbol, letters):
    assert stem(symbol) == letters
