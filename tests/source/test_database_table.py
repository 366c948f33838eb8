"""Whatever goes wrong in a database ends in one DataError, and nothing is half-done."""

import threading
import time

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from database_designs import pupils, stored

import bayeshlm as hlm
from bayeshlm.design import first_look
from bayeshlm.errors import DataError
from bayeshlm.source.database_table import DatabaseTable, ask, is_database_table

EQUATIONS = "math = b0 + b1*ses + r; b0 = g00 + u0; b1 = g10"


@pytest.fixture
def connection():
    return ibis.duckdb.connect()


@pytest.fixture
def table(connection):
    return stored(pupils(), "pupils", connection)


def test_a_table_of_ibis_is_told_from_others(table):
    assert is_database_table(table)
    assert not is_database_table(table.to_pyarrow())
    assert not is_database_table(pd.DataFrame())


def test_kinds_of_columns(table):
    found = DatabaseTable(table.mutate(born=ibis.date("2020-01-01"), many=ibis.array([1, 2])))
    names = ("ses", "school", "urban", "race", "born", "many")
    assert [found.kind(name) for name in names] == ["number", "number", "logical", "text", "time", "other"]


def test_large_integers_stay_exact_where_some_are_missing(connection):
    ids = pa.table({"id": pa.array([2**60 + 1, None], pa.int64())})
    table = connection.create_table("ids", ids)
    assert ask(table.order_by("id"), exact=["id"])["id"].tolist() == [2**60 + 1, pd.NA]


def test_a_connection_that_drops(connection, table):
    connection.con.close()
    with pytest.raises(DataError, match=r"the connection to the database dropped .*closed.*connect again"):
        hlm.Model(EQUATIONS, table, "school")


def test_a_query_that_is_cancelled(connection):
    connection.raw_sql("CREATE VIEW numbers AS SELECT range AS n FROM range(1000000000000)")
    slow = connection.table("numbers").aggregate(total=lambda t: t.n.cast("float64").sin().sum())
    cancel = threading.Timer(0.3, connection.con.interrupt)
    cancel.start()
    start = time.monotonic()
    with pytest.raises(DataError, match="the query was cancelled, and there is no model: make it again"):
        ask(slow)
    assert time.monotonic() - start < 20


def test_a_table_that_is_gone(connection, table):
    connection.drop_table("pupils")
    with pytest.raises(DataError, match=r"the database could not answer .*pupils does not exist"):
        hlm.Model(EQUATIONS, table, "school")


CHANGES = {
    "rows": ("DELETE FROM pupils WHERE number < 5", "there were 2,400 complete rows, now there are 2,395"),
    "groups": ("UPDATE pupils SET school = 999 WHERE school = 101", "some groups are new or gone"),
    "no numbers": ("UPDATE pupils SET math = 'NaN' WHERE number < 5", "the mean of column 'math' is another"),
    "values": ("UPDATE pupils SET math = math + 1 WHERE number < 5", "the mean of column 'math' is another"),
}


@pytest.mark.parametrize(("statement", "message"), CHANGES.values(), ids=CHANGES)
def test_a_table_that_changes_between_the_queries(statement, message, connection, monkeypatch):
    table = stored(pupils().assign(number=range(2400)), "pupils", connection)

    def ask_and_change(expression, exact=()):
        found = ask(expression, exact)
        connection.raw_sql(statement)
        return found

    monkeypatch.setattr(first_look, "ask", ask_and_change)
    with pytest.raises(DataError, match=f"the table changed between two queries \\({message}\\): .*snapshot"):
        hlm.Model(EQUATIONS, table, "school")


def test_an_empty_table(table):
    with pytest.raises(DataError, match="data has no rows"):
        hlm.Model(EQUATIONS, table.filter(ibis.literal(False)), "school")
