"""The files of a folder are of one fit at any moment: a move that fails, and a process killed at a move."""

import os
import signal
import sys
import threading

import pytest

from bayeshlm import text_file
from bayeshlm.commands.results_folder import GROUPS, LEVEL1_SDS, NAMES, POSTERIOR, SUMMARY
from bayeshlm.interruption import SIGNALS, uninterrupted


def folders(tmp_path, standing):
    """Folders new and old, and the target with a foreign file and those that stand there from an old fit."""
    new, old, target = (tmp_path / name for name in ("new", "old", "target"))
    new.mkdir()
    old.mkdir()
    for name in NAMES:
        (new / name).write_text("new")
    if standing is not None:
        target.mkdir()
        (target / "notes.txt").write_text("mine")
        for name in standing:
            (target / name).write_text("old")
    return new, target, old


def state(target):
    return {path.name: path.read_text() for path in target.iterdir()} if target.exists() else None


STANDING = [None, (), NAMES, (POSTERIOR,), (GROUPS, SUMMARY)]


def break_move(monkeypatch, k, how):
    real, moves = text_file._moved, []

    def breaking(source, place):
        moves.append(place)
        if len(moves) == k + 1:
            how()
        return real(source, place)

    monkeypatch.setattr(text_file, "_moved", breaking)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("standing", STANDING)
def test_a_move_that_fails_leaves_what_was_there(standing, links, tmp_path, monkeypatch):
    def fail():
        raise OSError(5, "Input/output error")

    def no_links(*_):
        raise OSError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    n_moves = len(NAMES) + sum(name in (standing or ()) for name in NAMES[1:])
    for k in range(n_moves):
        (tmp_path / str(k)).mkdir()
        new, target, old = folders(tmp_path / str(k), standing)
        before = state(target)
        with monkeypatch.context() as patch:
            break_move(patch, k, fail)
            with pytest.raises(OSError, match="Input/output"):
                text_file._exchange(new, target, old, NAMES)
        assert state(target) == before
    (tmp_path / "all").mkdir()
    new, target, old = folders(tmp_path / "all", standing)
    break_move(monkeypatch, n_moves, fail)
    text_file._exchange(new, target, old, NAMES)
    mine = {} if standing is None else {"notes.txt": "mine"}
    assert state(target) == {**mine, **dict.fromkeys(NAMES, "new")}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that kills itself at a move is a fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("k", range(8))
def test_a_process_killed_at_a_move_leaves_files_of_one_fit(k, tmp_path, monkeypatch):
    new, target, old = folders(tmp_path, NAMES)
    child = os.fork()
    if child == 0:
        break_move(monkeypatch, k, lambda: os.kill(os.getpid(), signal.SIGKILL))
        text_file._exchange(new, target, old, NAMES)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) == (k < 7)
    left = state(target)
    assert left.pop("notes.txt") == "mine"
    assert left[POSTERIOR] == ("old" if k < 4 else "new")
    assert len(set(left.values())) == 1
    assert set(left) == set(NAMES) or k not in (0, 7)


def test_signals_wait_for_the_end_of_the_block_and_handlers_come_back():
    before, done = [signal.getsignal(number) for number in SIGNALS], []

    def run():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("block")
        done.append("never")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert done == ["block"]
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_thread_that_cannot_hold_signals_back_runs_all_the_same():
    done = []

    def run():
        with uninterrupted():
            done.append(sys.version_info.major)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [3]


def test_a_file_that_is_not_written_again_does_not_stay(tmp_path):
    new, target, old = folders(tmp_path, NAMES)
    (new / LEVEL1_SDS).unlink()
    text_file._exchange(new, target, old, NAMES)
    assert state(target) == {"notes.txt": "mine"} | dict.fromkeys((POSTERIOR, GROUPS, SUMMARY), "new")
