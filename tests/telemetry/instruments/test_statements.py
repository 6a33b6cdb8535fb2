"""Laws of what is left of an SQL statement."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.telemetry.instruments.statements import MAX_CHARS, normalised, operation_of


@pytest.mark.parametrize(
    ("statement", "normal"),
    [
        pytest.param("SELECT  a\n FROM\tb", "SELECT a FROM b", id="whitespace"),
        pytest.param("SELECT a FROM b WHERE c = 'd''e' AND f > -1.5e-3", "SELECT a FROM b WHERE c = ? AND f > ?", id="literals"),
        pytest.param("SELECT * FROM t WHERE id IN (1, 2, 3)", "SELECT * FROM t WHERE id IN (?)", id="list of numbers"),
        pytest.param("SELECT * FROM t WHERE id IN ($1::INTEGER, $2::INTEGER)", "SELECT * FROM t WHERE id IN (?)", id="list of casts"),
        pytest.param("SELECT * FROM t WHERE id IN ($1::NUMERIC(10, 2))", "SELECT * FROM t WHERE id IN (?)", id="list of one cast"),
        pytest.param("INSERT INTO t (a, b) VALUES (?, ?), (?, ?)", "INSERT INTO t (a, b) VALUES (?)", id="rows"),
        pytest.param("UPDATE t SET a=%(a)s WHERE b = %s", "UPDATE t SET a=? WHERE b = ?", id="format parameters"),
        pytest.param("UPDATE t SET a=:a, b=b::text", "UPDATE t SET a=?, b=b::text", id="named parameters and a cast"),
        pytest.param("SELECT anon_1.id AS anon_1_id FROM t2 AS anon_1", "SELECT anon_1.id AS anon_1_id FROM t2 AS anon_1", id="names with digits"),
        pytest.param("SELECT 1 -- for Ada\n, /* Ada */ 2", "SELECT ?", id="comments"),
        pytest.param('SELECT "order"."user id" FROM "order"', 'SELECT "order"."user id" FROM "order"', id="quoted names"),
        pytest.param('SELECT 1 FROM t WHERE name = "Ada"', "SELECT ? FROM t WHERE name = ?", id="a string in double quotes"),
        pytest.param('SELECT 1 FROM t JOIN "order" ON t.a = "order".b', 'SELECT ? FROM t JOIN "order" ON t.a = "order".b', id="a quoted table that is compared"),
        pytest.param("SELECT $$Ada's$$, $x$Ada$$x$, b", "SELECT ?, b", id="dollar quotes"),
        pytest.param(r"SELECT E'Ada\'s', b FROM t", "SELECT ?", id="a quote behind a backslash"),
        pytest.param(r"SELECT 'a\\', b", "SELECT ?, b", id="two backslashes"),
        pytest.param("SELECT 'Ada", "SELECT ?", id="open end"),
        pytest.param("SELECT X'1F', 0x1F, .5, `a b`, `Ada's`", "SELECT ?, `a b`, ?", id="odd literals"),
        pytest.param("SELECT date'2020-01-01'", "SELECT date?", id="typed literal"),
    ],
)  # fmt: skip
def test_a_statement_is_reduced(statement: str, normal: str) -> None:
    assert normalised(statement, "postgresql") == normal


def test_double_quotes_are_strings_where_the_database_says_so() -> None:
    assert normalised('SELECT "Ada" FROM `t`', "mysql") == "SELECT ? FROM `t`"


def test_a_long_statement_is_cut() -> None:
    normal = normalised(f"SELECT {'a_column, ' * 1_000} b", "sqlite")

    assert len(normal) == MAX_CHARS + 1
    assert normal.endswith("…")


def test_a_literal_that_is_cut_open_does_not_show() -> None:
    assert normalised(f"SELECT '{'Ada ' * 5_000}'", "sqlite") == "SELECT ?"


def test_the_operation_is_the_first_word() -> None:
    assert operation_of("select a from b") == "SELECT"


TEMPLATES = (
    "SELECT a FROM t WHERE b = {} AND c IN ({}, {})",
    "INSERT INTO t (a, b) VALUES ({}, {})",
    "/* {} */ UPDATE t SET a = {}\n-- {}\n WHERE b LIKE {}",
)


@given(
    st.sampled_from(TEMPLATES), st.text(alphabet="\\\"'$`-/*;:%?,() \nxy"), st.sampled_from("'$")
)
@example(TEMPLATES[0], "\\'", "'")
def test_no_string_literal_shows(template: str, around: str, quote: str) -> None:
    text = f"{around}Planted{around}".replace("--", "-").replace("*/", "*").replace("\n", " ")
    literal = f"'{text.replace(chr(39), chr(39) * 2)}'" if quote == "'" else f"$q${text}$q$"

    normal = normalised(template.replace("{}", literal), "postgresql")

    assert "Planted" not in normal or "$q$" in text


@given(st.integers(min_value=10_000), st.floats(min_value=1e3, allow_infinity=False))
def test_no_number_shows(whole: int, real: float) -> None:
    template = "SELECT * FROM t WHERE a=-{0} AND b IN ({1!r},{0})"

    normal = normalised(template.format(whole, real), "sqlite")

    assert normal == "SELECT * FROM t WHERE a=? AND b IN (?)"


@given(st.text(), st.sampled_from(["mysql", "postgresql", "sqlite"]))
@example("'" * 4_096, "sqlite")
@example("/*" * 2_000, "sqlite")
def test_any_text_gives_one_short_line(statement: str, system: str) -> None:
    normal = normalised(statement, system)

    assert len(normal) <= MAX_CHARS + 1
    assert normal.split() == normal.split(" ") or not normal
