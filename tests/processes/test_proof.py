"""The proof on a small repository of its own: what is run, resumed, refused, written, and let go to a release."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.proof.__main__ import main
from tests.proof.busy import busy
from tests.proof.part import Part, Place, Step

ROOT = Path(__file__).resolve().parents[2]


class Repository:
    """A checkout with a page of the proof, and two parts whose steps count how often they ran."""

    def __init__(self, folder: Path) -> None:
        """Make it, with one commit."""
        self.root = folder / "checkout"
        self.runs = folder / "runs"
        self.runs.mkdir()
        (self.root / "docs").mkdir(parents=True)
        (self.root / "docs" / "proof.md").write_text("# Proof\n")
        (self.root / "product.py").write_text("ANSWER = 42\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("The product")
        self.parts = {part.name: part for part in (self.part("quick"), self.part("table", writes=("docs/table.md",)))}

    def git(self, *arguments: str) -> str:
        person = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        answer = subprocess.run(
            ["git", "-C", str(self.root), *person, *arguments], check=True, capture_output=True, text=True
        )
        return answer.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def part(self, name: str, *, writes: tuple[str, ...] = ()) -> Part:
        """A part of two steps; the second one writes its pages, and fails while ``runs/NAME.broken`` is there."""

        def steps(place: Place) -> list[Step]:
            broken, lines = self.runs / f"{name}.broken", [f"open({path!r}, 'a').write('row')" for path in writes]
            second = "; ".join(
                [*lines, f"import os, sys; print('two said'); sys.exit(os.path.exists({str(broken)!r}))"]
            )
            return [self.step(f"{name}-one", "print('one said')"), self.step(f"{name}-two", second)]

        return Part(name, f"What {name} shows.", steps, writes=writes)

    def step(self, name: str, code: str) -> Step:
        return Step(name, (sys.executable, "-c", f"open({str(self.runs / name)!r}, 'ab').write(b'x')\n{code}"))

    def ran(self, name: str) -> int:
        """How often a step ran."""
        path = self.runs / name
        return len(path.read_bytes()) if path.exists() else 0

    def proof(self, *arguments: str) -> int:
        return main(arguments, root=self.root, parts=self.parts)

    @property
    def page(self) -> str:
        return (self.root / "docs" / "proof.md").read_text()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need_program: Callable[[str], str]) -> Repository:
    need_program("git")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Repository(tmp_path)


def test_a_release_may_be_cut_where_every_part_is_green(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repository.proof("run") == 0
    assert repository.page.count("| verdict | **green** |") == 2
    assert "| quick-two | green |" in repository.page
    assert "two said" in repository.page
    repository.commit("The pages of the proof")
    assert repository.proof("status") == 0
    assert repository.proof("release") == 0
    assert "may be cut" in capsys.readouterr().out


@pytest.mark.parametrize("why", ["missing", "red", "stale", "uncommitted", "edited"])
def test_no_release_where_one_part_is_not(repository: Repository, capsys: pytest.CaptureFixture[str], why: str) -> None:
    (repository.runs / "quick.broken").touch() if why == "red" else None
    assert repository.proof("run", *(["table"] if why == "missing" else [])) == (1 if why == "red" else 0)
    if why == "edited":
        page = repository.root / "docs" / "proof.md"
        page.write_text(page.read_text().replace("**green**", "**greenish**", 1))
    if why != "uncommitted":
        repository.commit("The pages of the proof")
    if why == "stale":
        (repository.root / "product.py").write_text("ANSWER = 43\n")
        repository.commit("Another product")
    assert repository.proof("release") == 1
    said = capsys.readouterr().err
    assert {"edited": "quick: unreadable", "uncommitted": "not committed: docs/proof.md"}.get(
        why, f"quick: {why}"
    ) in said
    assert "No release" in said


def test_a_step_that_has_ended_is_not_run_again(repository: Repository) -> None:
    assert repository.proof("run", "quick") == 0
    assert repository.proof("run", "quick") == 0
    assert (repository.ran("quick-one"), repository.ran("quick-two"), repository.ran("table-one")) == (1, 1, 0)
    (repository.root / "product.py").write_text("ANSWER = 43\n")
    repository.commit("Another product")
    assert repository.proof("run", "quick") == 0
    assert repository.ran("quick-one") == 2


def test_an_interrupted_part_goes_on_where_it_was_and_leaves_nothing_running(repository: Repository) -> None:
    number = repository.runs / "number"
    interrupts_once = f"""
import os, signal, time
if not os.path.exists({str(number)!r}):
    open({str(number)!r}, 'w').write(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(600)
"""
    steps = [repository.step("first", ""), repository.step("second", interrupts_once)]
    repository.parts = {"long": Part("long", "What long shows.", lambda place: steps)}
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            repository.proof("run")
    finally:
        signal.signal(signal.SIGINT, former)
    assert not psutil.pid_exists(int(number.read_text()))
    assert repository.page == "# Proof\n"
    assert repository.proof("run") == 0
    assert (repository.ran("first"), repository.ran("second")) == (1, 2)


def test_what_was_red_stays_red_until_the_part_is_begun_again_and_the_page_counts(repository: Repository) -> None:
    broken = repository.runs / "quick.broken"
    broken.touch()
    assert repository.proof("run", "quick") == 1
    broken.unlink()
    assert repository.proof("run", "quick") == 1
    assert repository.ran("quick-two") == 1
    assert "attempt" not in repository.page
    assert repository.proof("run", "quick", "--again") == 0
    assert repository.ran("quick-one") == 2
    assert "attempt 2 at this commit" in repository.page


def test_after_a_red_step_the_rest_is_left_out(repository: Repository) -> None:
    steps = [repository.step("fails", "print('why it failed'); raise SystemExit(3)"), repository.step("never", "")]
    repository.parts = {"short": Part("short", "What short shows.", lambda place: steps)}
    assert repository.proof("run") == 1
    assert (repository.ran("fails"), repository.ran("never")) == (1, 0)
    assert "exit status 3: why it failed" in repository.page


def test_nothing_is_proved_of_what_is_not_committed(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (repository.root / "new.py").write_text("")
    assert repository.proof("run", "quick") == 2
    assert "commit these first: new.py" in capsys.readouterr().err
    assert repository.ran("quick-one") == 0
    repository.commit("A new file")
    assert repository.proof("run", "quick") == 0


def test_a_checkout_that_changes_meanwhile_proves_nothing(repository: Repository) -> None:
    change = f"open({str(repository.root / 'product.py')!r}, 'a').write('# meanwhile')"
    steps = [repository.step("changes", change)]
    repository.parts = {"short": Part("short", "What short shows.", lambda place: steps)}
    assert repository.proof("run") == 2
    assert repository.page == "# Proof\n"


def test_a_part_that_lacks_something_is_not_run_and_stays_missing(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.parts = {"bare": Part("bare", "What bare shows.", lambda place: [], lacks=lambda: ["root"])}
    assert repository.proof("run") == 2
    assert "these are missing: root" in capsys.readouterr().err
    assert repository.proof("release") == 1


def test_an_unknown_part_is_refused_with_the_names_of_the_others(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        repository.proof("run", "no-such-part")
    assert "quick, table" in capsys.readouterr().err


def test_busy_processes_end_with_the_block_and_the_status_is_the_commands() -> None:
    with busy(2) as numbers:
        assert all(psutil.pid_exists(number) for number in numbers)
    assert not any(psutil.pid_exists(number) for number in numbers)
    beside = [sys.executable, "-m", "tests.proof.busy", "1", sys.executable, "-c", "raise SystemExit(5)"]
    assert subprocess.run(beside, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode == 5


def test_a_seed_orders_the_tests_of_pytest(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"test_{name}.py").write_text("".join(f"def test_{n}(): pass\n" for n in range(4)))

    def collected(*options: str) -> list[str]:
        command = [sys.executable, "-m", "pytest", "-p", "tests.random_order", "--collect-only", "-q", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        answer = subprocess.run(
            [*command, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)],
            check=True, capture_output=True, text=True, env=environment, cwd=tmp_path,
        )  # fmt: skip
        return re.findall(r"test_\w+\.py::test_\d", answer.stdout)

    plain, one = collected(), collected("--random-order", "1")
    assert len(plain) == 12
    assert plain == sorted(plain)
    assert one != plain
    assert sorted(one) == plain
