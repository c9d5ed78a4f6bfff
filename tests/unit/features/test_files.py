"""A user's own file of features: what is taken of it, and what is said of one that will not do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from pipeline import config
from pipeline.errors import InputError
from pipeline.features import BUILT_IN
from pipeline.stack import feature_files
from pipeline.stack.runtime import Runtime

from ...documents import write_my_features

HEAD = "import ibis\nfrom fraudwatch import feature\n"
WHOLE = HEAD + (
    '@feature(topic="large")\n'
    "def large(transaction):\n"
    '    """Transactions above a thousand."""\n'
    "    return transaction.filter(transaction.amt > 1000)\n"
)


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(*paths: Path) -> str:
    with pytest.raises(InputError) as caught:
        feature_files.load(paths)
    said = str(caught.value)
    assert "\n" not in said
    return said


def body(code: str) -> str:
    """A file with one feature whose function does this."""
    return f'{HEAD}@feature(topic="t")\ndef mine(transaction):\n    {code}\n'


def test_the_feature_of_the_documentation(tmp_path: Path) -> None:
    registry = feature_files.load([write_my_features(tmp_path)])
    assert registry[:-1] == BUILT_IN[:]
    mine = registry[-1]
    assert (mine.name, mine.topic) == ("merchants", "merchant_spend_last_60min")
    assert mine.description == "What customers have spent at each merchant in each hour."
    assert mine.columns == {
        "window_start": "timestamp",
        "window_end": "timestamp",
        "merchant": "string",
        "spent": "float64",
        "transactions": "int64",
    }
    assert mine.identity == ("window_start", "window_end", "merchant")
    assert mine.measures == ("spent", "transactions")
    # The rest of what makes it ten lines of work.
    assert len(write_my_features(tmp_path).read_text().strip().splitlines()) <= 10


def test_several_files_and_what_they_import(tmp_path: Path) -> None:
    write(tmp_path, "LIMIT = 1000\n", "limits_of_mine.py")
    text = WHOLE.replace("> 1000", "> LIMIT") + "from limits_of_mine import LIMIT\n"
    # A built-in one that is imported, and a second name for the first, add nothing.
    text += "from pipeline.features.rolling import rolling\nalias = large\n"
    other = write(tmp_path, WHOLE.replace("large", "larger"), "other.py")
    registry = feature_files.load([write(tmp_path, text), other])
    assert [feature.name for feature in registry[len(BUILT_IN) :]] == ["large", "larger"]


def test_a_rolling_feature_is_known_by_what_it_copies(tmp_path: Path) -> None:
    """A filter, or a second projection, over a window does not make its results an identity."""
    window = (
        "last = ibis.range_window(group_by=transaction.user_id, "
        "order_by=transaction.trans_date_trans_time, preceding=ibis.interval(hours=1), following=0)"
        "\n    rows = transaction.select('user_id', 'trans_date_trans_time', "
        "n=transaction.count().over(last))"
        "\n    return rows.filter(rows.n > 5).select('user_id', 'trans_date_trans_time', 'n')"
    )
    mine = feature_files.load([write(tmp_path, body(window))])[-1]
    assert (mine.identity, mine.measures) == (("user_id", "trans_date_trans_time"), ("n",))


def test_no_file(tmp_path: Path) -> None:
    assert f"There is no file {tmp_path / 'none.py'}." in refused(tmp_path / "none.py")
    assert "There is no file" in refused(tmp_path)


def test_not_python(tmp_path: Path) -> None:
    assert "must end with .py" in refused(write(tmp_path, WHOLE, "mine.txt"))


def test_syntax_error(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "def mine(:\n")
    assert refused(path) == f"{path}, line 3: invalid syntax. Correct the file."


def test_exception_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "\n1 / 0\n")
    assert (
        refused(path) == f"{path}, line 4: ZeroDivisionError: division by zero. Correct the file."
    )
    path = write(tmp_path, "import no_such_module_anywhere\n")
    assert "line 1: ModuleNotFoundError: No module named" in refused(path)
    path = write(tmp_path, "raise SystemExit(3)\n")
    assert "line 1: SystemExit: 3." in refused(path)


def test_no_feature(tmp_path: Path) -> None:
    said = refused(write(tmp_path, "from pipeline.features.rolling import rolling\n"))
    assert "has no feature. Write a function of the transactions under `@feature(" in said


def test_decorated_without_a_topic(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "@feature\ndef mine(transaction):\n    return transaction\n")
    said = refused(path)
    assert said.startswith(f"{path}, line 3: TypeError: feature() takes 0 positional arguments")
    assert said.endswith("""under `@feature(topic="my_topic")`.""")


def test_exception_in_the_function(tmp_path: Path) -> None:
    path = write(tmp_path, body("return transaction.filter(transaction.amount > 5)"))
    assert refused(path).startswith(f"{path}, line 5: AttributeError: ")
    path = write(tmp_path, body("raise ValueError('first\\nsecond \\x1b[31m')"))
    assert refused(path) == f"{path}, line 5: ValueError: first. Correct the file."


def test_no_table(tmp_path: Path) -> None:
    for code, kind in (("return transaction.amt", "a FloatingColumn"), ("pass", "nothing")):
        path = write(tmp_path, body(code))
        said = refused(path)
        assert said.startswith(f"{path}, line 3: mine returns {kind}, but must return a table.")


@pytest.mark.parametrize("name", [feature.name for feature in BUILT_IN])
def test_name_taken(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, WHOLE.replace("def large", f"def {name}"))
    assert refused(path).startswith(
        f"{path}, line 3: a feature named {name!r} already exists. Give the function another"
    )


@pytest.mark.parametrize(("topic", "of"), [(feature.topic, feature.name) for feature in BUILT_IN])
def test_topic_taken(tmp_path: Path, topic: str, of: str) -> None:
    path = write(tmp_path, WHOLE.replace('"large"', repr(topic)))
    assert f"line 3: large would write to {topic!r}, the topic of {of}." in refused(path)


def test_topic_of_the_transactions(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE.replace('"large"', '"transaction"'))
    assert "large would write to 'transaction', which it reads." in refused(path)


def test_taken_by_another_file(tmp_path: Path) -> None:
    other = write(tmp_path, WHOLE, "other.py")
    said = refused(write(tmp_path, WHOLE), other)
    assert said.startswith(f"{other}, line 3: a feature named 'large' already exists.")


@pytest.mark.parametrize("topic", ["", "..", "with blanks", "a" * 250, "\x1b[2J"])
def test_topic_that_kafka_would_refuse(tmp_path: Path, topic: str) -> None:
    said = refused(write(tmp_path, WHOLE.replace('"large"', repr(topic))))
    assert "cannot be the name of a topic. Kafka allows" in said
    assert "\x1b" not in said


def test_a_file_runs_once_however_many_threads_ask_for_the_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTED", "0")
    counting = "import os\nos.environ['COUNTED'] = str(int(os.environ['COUNTED']) + 1)\n"
    path = write(tmp_path, counting + WHOLE)
    runtime = Runtime(msgspec.structs.replace(config.load(environment={}), features=(path,)))
    together = threading.Barrier(8)

    def ask(_: int) -> bool:
        together.wait()
        return "large" in runtime.features.names

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
    assert os.environ["COUNTED"] == "1"


def users_own_package(folder: Path) -> Path:
    """A project that has a package of our name, with a module of its own."""
    package = folder / "pipeline"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "spending.py").write_text("LARGE = 1000\n")
    return package


def test_a_package_of_the_users_that_is_called_like_ours_may_lie_beside_the_file(
    tmp_path: Path,
) -> None:
    users_own_package(tmp_path)
    assert "large" in feature_files.load([write(tmp_path, WHOLE)]).names


def test_what_a_file_imports_from_such_a_package_is_said_to_be_hidden(tmp_path: Path) -> None:
    package = users_own_package(tmp_path)
    path = write(tmp_path, "from pipeline.spending import LARGE\n" + WHOLE)
    said = refused(path)
    assert said.startswith(
        f"{path}, line 1: {package} cannot be imported, "
        "since fraudwatch has a package of that name."
    )


@pytest.mark.parametrize("arguments", [["-m", "tui"], ["-c", "import fraudwatch"]])
def test_where_such_a_package_hides_ours_it_is_named(tmp_path: Path, arguments: list[str]) -> None:
    package = users_own_package(tmp_path)
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert f"The package {package} hides".lower() in done.stderr.lower()
