import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from oms import embedded
from oms.embedded import keeper

ROOT = Path(__file__).resolve().parent.parent.parent
USE = """
import sys, time
from oms import embedded
server = embedded.postgres()
print(server["host"], flush=True)
sys.stdin.readline()
"""


pytestmark = pytest.mark.slow  # each test has a server of its own; all others use one anyway


def start_user(data: Path) -> subprocess.Popen[str]:
    """A process that uses PostgreSQL until it gets a line on its standard input."""
    return subprocess.Popen(
        [sys.executable, "-c", USE],
        cwd=ROOT,
        env=os.environ | {"HOMEWARD_DATA": str(data)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(*users: subprocess.Popen[str]) -> None:
    for user in users:
        user.communicate("\n", timeout=60)


def postmaster(data: Path) -> int:
    return int((keeper.Postgres(data).folder / ".s.PGSQL.5432.lock").read_text().split()[0])


def keeper_pid(name: str) -> int:
    """The keeper of the data folder in use: the parent of its server."""
    data = embedded.data_dir()
    wanted = f"serve {name} {data}"
    shown = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0]) for line in shown.splitlines() if line.rstrip().endswith(wanted))


def query(sql: str) -> object:
    server = embedded.postgres()
    place = {"host": server["host"], "port": server["port"], "user": server["user"], "dbname": server["name"]}
    with psycopg.connect(**place, autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def until(happened: object, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.05)


def servers_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Use this data folder, and stop its servers afterwards; those of the whole test run stay in use meanwhile."""
    others = dict(embedded._joined)
    embedded._joined.clear()
    monkeypatch.setenv("HOMEWARD_DATA", str(folder))
    yield folder
    assert embedded.release(wait=30)
    shutil.rmtree(keeper.run_dir(folder), ignore_errors=True)
    embedded._joined.update(others)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own, with a space in its path, that everybody may walk through."""
    with tempfile.TemporaryDirectory(prefix="homeward test ") as folder:
        os.chmod(folder, 0o711)
        yield from servers_of(Path(folder).resolve() / "a shop", monkeypatch)


@pytest.fixture
def closed_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder in one that only its owner may enter: root's PostgreSQL, which is not root, cannot."""
    tmp_path.chmod(0o700)
    yield from servers_of(tmp_path / "a shop", monkeypatch)


def test_a_closed_folder_works_too_and_keeps_its_data(closed_data: Path) -> None:
    query("CREATE TABLE kept AS SELECT 42 AS answer")
    assert embedded.release(wait=30)
    assert query("SELECT answer FROM kept") == 42


def test_nothing_is_left_in_the_temporary_folder(data: Path) -> None:
    query("SELECT 1")
    embedded.valkey()
    assert embedded.release(wait=30)
    assert not keeper.run_dir(data).exists()


def test_four_cold_starts_at_once_make_one_server(data: Path) -> None:
    users = [start_user(data) for _ in range(4)]
    assert [user.stdout.readline().strip() for user in users] == [str(keeper.Postgres(data).folder)] * 4  # type: ignore[union-attr]
    assert query("SELECT count(*) FROM pg_database WHERE datname = 'homeward'") == 1
    assert (keeper.Postgres(data).locks / "server.log").read_text().count("starting PostgreSQL") == 1
    finish(*users)


def test_the_server_stops_after_its_last_user_and_keeps_the_data(data: Path) -> None:
    query("CREATE TABLE kept AS SELECT 42 AS answer")
    pid = postmaster(data)
    assert embedded.release(wait=30)
    assert keeper.arguments_of(pid) == ""
    assert query("SELECT answer FROM kept") == 42


def test_a_killed_user_does_not_keep_the_server_alive(data: Path) -> None:
    user = start_user(data)
    user.stdout.readline()  # type: ignore[union-attr]
    pid = postmaster(data)
    user.kill()
    user.wait()
    until(lambda: keeper.arguments_of(pid) == "")
    assert query("SELECT 1") == 1
    user.stdin.close()  # type: ignore[union-attr]
    user.stdout.close()  # type: ignore[union-attr]


def test_a_killed_server_comes_back_with_its_data(data: Path) -> None:
    query("CREATE TABLE kept AS SELECT 42 AS answer")
    first = postmaster(data)
    os.kill(first, signal.SIGKILL)
    until(lambda: not keeper.is_locked(keeper.Postgres(data).locks / "ready") or postmaster(data) != first)
    assert query("SELECT answer FROM kept") == 42
    assert postmaster(data) != first


def test_a_killed_keeper_is_replaced_and_its_server_adopted(data: Path) -> None:
    query("SELECT 1")
    server, first = postmaster(data), keeper_pid("postgres")
    os.kill(first, signal.SIGKILL)
    until(lambda: not keeper.is_locked(keeper.Postgres(data).locks / "serve"))
    assert query("SELECT 1") == 1
    assert postmaster(data) == server
    assert keeper_pid("postgres") != first
    assert embedded.release(wait=30)
    assert keeper.arguments_of(server) == ""


def test_keeper_and_server_killed_together_leave_nothing_in_the_way(data: Path) -> None:
    query("CREATE TABLE kept AS SELECT 42 AS answer")
    server = postmaster(data)
    os.kill(keeper_pid("postgres"), signal.SIGKILL)
    os.kill(server, signal.SIGKILL)
    until(lambda: keeper.arguments_of(server) == "" and not keeper.is_locked(keeper.Postgres(data).locks / "serve"))
    assert query("SELECT answer FROM kept") == 42


def test_a_deleted_data_folder_takes_its_server_with_it(data: Path) -> None:
    query("CREATE TABLE gone ()")
    server = postmaster(data)
    subprocess.run(["rm", "-rf", str(data), str(keeper.run_dir(data) / "postgres")], check=True)
    until(lambda: keeper.arguments_of(server) == "")
    assert query("SELECT count(*) FROM pg_tables WHERE tablename = 'gone'") == 0


def test_erase_deletes_everything_but_never_under_a_user(data: Path) -> None:
    query("CREATE TABLE gone ()")
    before = embedded.secrets()
    user = start_user(data)
    user.stdout.readline()  # type: ignore[union-attr]
    with pytest.raises(embedded.EmbeddedError, match="is in use"):
        embedded.erase(wait=0.5)
    assert query("SELECT count(*) FROM pg_tables WHERE tablename = 'gone'") == 1
    finish(user)
    embedded.erase()
    assert embedded.secrets() != before
    assert query("SELECT count(*) FROM pg_tables WHERE tablename = 'gone'") == 0


def test_an_initdb_cut_short_is_started_over(data: Path) -> None:
    half = data / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert query("SELECT 1") == 1


def test_valkey_answers_to_both_spellings_and_comes_back_when_killed(data: Path) -> None:
    url = embedded.valkey()
    with Redis.from_url(embedded.cache_url(url)) as cache, Redis.from_url(url) as broker:
        cache.set("number", 1)
        assert (cache.get("number"), broker.get("number")) == (b"1", None)
        os.kill(broker.info("server")["process_id"], signal.SIGKILL)
    until(lambda: not keeper.is_locked(keeper.Valkey(data).locks / "ready"))
    with Redis.from_url(embedded.valkey()) as broker:
        assert broker.ping() is True


def test_a_second_use_costs_next_to_nothing(data: Path) -> None:
    embedded.postgres()
    opened = len(os.listdir("/dev/fd"))
    for _ in range(100):
        embedded.postgres()
    assert len(os.listdir("/dev/fd")) == opened


def test_two_first_starts_agree_on_the_secrets(data: Path) -> None:
    code = "import json; from oms import embedded; print(json.dumps(embedded.secrets()))"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in started]
    assert answers == [embedded.secrets()] * 4
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_said_to_be_damaged_and_never_made_anew(data: Path) -> None:
    data.mkdir(exist_ok=True)
    (data / "secrets.json").write_text('{"secret_key": ')
    with pytest.raises(embedded.EmbeddedError, match=r"secrets\.json is damaged"):
        embedded.secrets()
    assert (data / "secrets.json").read_text() == '{"secret_key": '


def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for named in ("file", "file/below"):
        monkeypatch.setenv("HOMEWARD_DATA", str(tmp_path / named))
        with pytest.raises(embedded.EmbeddedError, match=r"cannot be used .* set HOMEWARD_DATA to a folder of yours"):
            embedded.make_data_dir()


def test_the_help_of_a_command_starts_no_server(data: Path) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "--help"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, capture_output=True, check=True)
    assert not (data / "embedded").exists()


@pytest.mark.parametrize(
    ("url", "broker", "cache"),
    [
        ("redis://broker:6379", "redis://broker:6379", "redis://broker:6379/1"),
        ("redis://broker:6379/3", "redis://broker:6379/3", "redis://broker:6379/4"),
        ("rediss://u:p@broker/0", "rediss://u:p@broker/0", "rediss://u:p@broker/1"),
        ("unix:///run/r.sock?db=2", "redis+socket:///run/r.sock?virtual_host=2", "unix:///run/r.sock?db=3"),
    ],
)
def test_one_redis_address_serves_broker_and_cache_apart(url: str, broker: str, cache: str) -> None:
    assert (embedded.broker_url(url), embedded.cache_url(url)) == (broker, cache)
