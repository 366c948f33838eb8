"""A fit's file gives the same fit or one error that names it, whatever became of its bytes, fields and disk."""

import json
import shutil
import subprocess
import sys
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayeshlm as hlm
from bayeshlm.faces import storage
from bayeshlm.sampling.convert import to_datatree
from bayeshlm.sampling.options import sampling_options

RNG = np.random.default_rng(8)
DATA = pd.DataFrame({"y": RNG.normal(size=48), "x": RNG.normal(size=48), "ward": np.repeat(range(6), 8)})
EQUATIONS = "y = b0 + b1*x + r\nb0 = g00 + u0\nb1 = g10 + u1"


@pytest.fixture(scope="module")
def saved(fake_draws, tmp_path_factory):
    """A fit and its file."""
    model = hlm.Model(EQUATIONS, DATA, "ward", priors={"g10": "Normal(0, 1)"})
    options = sampling_options(draws=10, chains=2, seed=1)
    fit = hlm.Fit(model, to_datatree(fake_draws(model.design, 2, 10), model.design, model.priors, options))
    path = tmp_path_factory.mktemp("saved") / "fit.nc"
    fit.save(path)
    return fit, path


def assert_same(found, fit):
    """Everything that later results are computed from."""
    for name, node in fit.idata.children.items():
        xr.testing.assert_identical(found.idata[name].to_dataset(), node.to_dataset())
    assert set(found.idata.children) == set(fit.idata.children)
    assert dict(found.idata.attrs) == dict(fit.idata.attrs)
    pd.testing.assert_frame_equal(found.model.design.frame, fit.model.design.frame)
    assert found.model.equations() == fit.model.equations()
    assert found.model.priors.texts() == fit.model.priors.texts()
    assert found.model.design.rows_dropped == fit.model.design.rows_dropped


@pytest.mark.slow
@pytest.mark.parametrize("flips", [40, pytest.param(400, marks=pytest.mark.nightly)])
def test_a_flipped_bit_gives_the_same_fit_or_a_file_error(flips, saved, tmp_path):
    fit, path = saved
    content, rng = path.read_bytes(), np.random.default_rng(12)
    target, refused = tmp_path / "flipped.nc", 0
    for place, bit in zip(rng.integers(len(content), size=flips), rng.integers(8, size=flips), strict=True):
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        target.write_bytes(changed)
        try:
            found = hlm.load(target)
        except hlm.FileError:
            refused += 1
        else:
            assert_same(found, fit)
    assert 0 < refused < flips


@pytest.mark.parametrize("part", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(part, saved, tmp_path):
    content = saved[1].read_bytes()
    (tmp_path / "cut.nc").write_bytes(content[: int(part * len(content))])
    with pytest.raises(hlm.FileError, match=r"cut\.nc' is damaged"):
        hlm.load(tmp_path / "cut.nc")


def set_value(name, place, value):
    def edit(file):
        file[name][place] = value

    return edit


def delete(name):
    def edit(file):
        del file[name]

    return edit


def attribute(name, value):
    def edit(file):
        file.attrs[name] = value

    return edit


def source_attribute(name, value):
    def edit(file):
        file[storage.SOURCE].attrs[name] = value

    return edit


def without_attribute(name, group="/"):
    def edit(file):
        del file[group].attrs[name]

    return edit


def texts(name, *values):
    def edit(file):
        file[name][...] = np.array(values, dtype=object)

    return edit


def fewer_draws(file):
    for name in ("gamma", "tau"):
        values = file["posterior"][name][...]
        del file["posterior"][name]
        file["posterior"].create_dataset(name, data=values[:, :-1])


EDITS = {
    "NaN draws": (set_value("posterior/gamma", (0, 0, 0), np.nan), "some draws of gamma are not finite"),
    "infinite draws of a group": (set_value("posterior/u", (0, 0, 0, 0), np.inf), "some draws of u are not finite"),
    "negative sigma": (set_value("posterior/sigma", (1, 3), -1.0), "some draws of sigma are not positive"),
    "sigma of zero": (set_value("posterior/sigma", (1, 3), 0.0), "some draws of sigma are not positive"),
    "negative tau": (set_value("posterior/tau", (1, 3, 1), -0.1), "some draws of tau are negative"),
    "correlation above 1": (set_value("posterior/corr", (0, 0, 0, 1), 1.5), "draws of corr are beyond -1 and 1"),
    "another outcome": (set_value("observed_data/y", 3, 100.0), "the outcomes are not those of the data"),
    "other labels": (texts("posterior/fixed", "g10", "g00"), "fixed in posterior has other labels"),
    "no posterior": (delete("posterior"), "the group posterior is missing"),
    "no sample_stats": (delete("sample_stats"), "the group sample_stats is missing"),
    "no gamma": (delete("posterior/gamma"), "gamma is missing from posterior"),
    "no beta": (delete("posterior/beta"), "beta is missing from posterior"),
    "no corr": (delete("posterior/corr"), "corr is missing from posterior"),
    "no divergences": (delete("sample_stats/diverging"), "diverging is missing from sample_stats"),
    "no seed": (without_attribute("seed"), "the attribute seed is missing"),
    "a seed that is text": (attribute("seed", "one"), "could not convert string to float"),
    "more draws than there are": (attribute("draws", 1000), "the attribute draws is"),
    "versions that are no JSON": (attribute("versions", "{"), "Expecting property name"),
    "priors that are no JSON": (attribute("priors", "[1"), "Expecting ',' delimiter"),
    "priors of another model": (attribute("priors", "{}"), "not those of the stored equations"),
    "no source": (delete(storage.SOURCE), "is not a fit saved by bayeshlm"),
    "no format": (without_attribute("format", storage.SOURCE), "format"),
    "an older format": (source_attribute("format", 2), "saved before bayeshlm 0.1.0, in an older form"),
    "a newer format": (source_attribute("format", 99), "saved by a newer bayeshlm"),
    "no equations": (without_attribute("equations", storage.SOURCE), "equations"),
    "equations of other columns": (source_attribute("equations", "z = b0 + r; b0 = g00 + u0"), "'z'"),
    "equations that are none": (source_attribute("equations", "y = "), "does not hold a whole fit"),
    "another group": (source_attribute("groupings", '["x"]'), "does not hold a whole fit"),
    "no prior texts": (delete(f"{storage.SOURCE}/prior_text"), "prior_text"),
    "a prior of nothing": (texts(f"{storage.SOURCE}/prior_key", "g77"), "no parameter 'g77'"),
    "a prior that is none": (texts(f"{storage.SOURCE}/prior_text", "Normal(0"), "The prior of g10"),
    "a table that is none": (set_value(f"{storage.SOURCE}/frame_parquet", slice(0, 8), 0), "is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_is_refused_with_its_digest_and_with_a_new_one(name, saved, tmp_path):
    edit, said = EDITS[name]
    target = tmp_path / "edited.nc"
    shutil.copy(saved[1], target)
    with h5py.File(target, "r+") as file:
        edit(file)
    with pytest.raises(hlm.FileError, match=r"edited\.nc'"):
        hlm.load(target)
    try:
        with xr.open_datatree(target, engine="h5netcdf") as opened:
            tree = opened.load()
        del tree[storage.SOURCE].attrs[storage.DIGEST]
        new = storage.digest(tree, json.loads(tree[storage.SOURCE].attrs["groupings"]))
    except KeyError:
        new = "none"
    with h5py.File(target, "r+") as file:
        if storage.SOURCE in file:
            file[storage.SOURCE].attrs[storage.DIGEST] = new
    with pytest.raises(hlm.FileError, match=r"edited\.nc'") as refused:
        hlm.load(target)
    assert said in str(refused.value)


def test_a_file_without_a_digest_is_refused(saved, tmp_path):
    shutil.copy(saved[1], tmp_path / "fit.nc")
    with h5py.File(tmp_path / "fit.nc", "r+") as file:
        del file[storage.SOURCE].attrs[storage.DIGEST]
    with pytest.raises(hlm.FileError, match="without a digest; fit and save again"):
        hlm.load(tmp_path / "fit.nc")


def test_content_in_other_files_is_never_read(saved, tmp_path):
    fit, path = saved
    outside = tmp_path / "outside.bin"
    outside.write_bytes(fit.posterior["sigma"].to_numpy().tobytes())
    shutil.copy(path, tmp_path / "external.nc")
    with h5py.File(tmp_path / "external.nc", "r+") as file:
        size = file["posterior/sigma"].shape
        del file["posterior/sigma"]
        where = [(str(outside), 0, h5py.h5f.UNLIMITED)]
        file["posterior"].create_dataset("sigma", size, "f8", external=where)
    with pytest.raises(hlm.FileError, match="keeps 'sigma' in another file"):
        hlm.load(tmp_path / "external.nc")
    shutil.copy(path, tmp_path / "linked.nc")
    with h5py.File(tmp_path / "linked.nc", "r+") as file:
        del file["posterior/sigma"]
        file["posterior/sigma"] = h5py.ExternalLink(str(path), "/posterior/sigma")
    with pytest.raises(hlm.FileError, match="holds a link, 'sigma'"):
        hlm.load(tmp_path / "linked.nc")


def test_a_compressed_copy_and_more_variables_are_the_same_fit(saved, tmp_path):
    fit, path = saved
    tree = fit.idata.copy()
    tree["posterior"] = xr.DataTree(fit.posterior.assign(raw=fit.posterior["gamma"] + 1))
    more = hlm.Fit(fit.model, tree)
    more.save(tmp_path / "more.nc")
    found = hlm.load(tmp_path / "more.nc")
    assert_same(found, more)
    with xr.open_datatree(path, engine="h5netcdf") as opened:
        plain = opened.load()
    packed = {"/posterior": {"u": {"zlib": True, "chunksizes": (1, 5, 6, 2)}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain.to_netcdf(tmp_path / "packed.nc", engine="h5netcdf", encoding=packed)
    assert_same(hlm.load(tmp_path / "packed.nc"), fit)


FULL_DISK = """
import resource, sys
import bayeshlm as hlm
fit = hlm.load(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    fit.save(sys.argv[2])
except hlm.FileError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(saved, tmp_path):
    target = tmp_path / "new" / "fit.nc"
    target.parent.mkdir()
    target.write_text("old")
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, saved[1], target], capture_output=True, check=False, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"Cannot write {str(target)!r}: File too large.\n"
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]
