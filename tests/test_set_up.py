"""The environment: made beside the old one, which works until the new one does; words for failures."""

import errno
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import set_up

ROOT = Path(__file__).resolve().parents[1]
ALL = ["create", "requirements.txt", ".", "check"]


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A repository without an environment; returns the list of what the set-up does."""
    done = []

    def create(venv):
        done.append("create")
        shutil.rmtree(venv, ignore_errors=True)
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").touch(mode=0o755)
        (venv / "bin" / "tool").write_text(f"#!{venv}/bin/python\n")
        (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\ncommand = python -m venv {venv}\n")

    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(set_up, "create", create)
    monkeypatch.setattr(set_up, "pip", lambda venv, *arguments: done.append(arguments[-1]))
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    return done


def test_set_up_happens_once_and_leaves_nothing_beside_it(bare, tmp_path):
    set_up.set_up()
    assert bare == ALL
    set_up.set_up()
    assert bare == ALL
    assert [path.name for path in tmp_path.glob(".venv*")] == [".venv"]
    assert (tmp_path / ".venv/bin/tool").read_text() == f"#!{tmp_path}/.venv/bin/python\n"
    assert ".venv-new" not in (tmp_path / ".venv/pyvenv.cfg").read_text()


def test_a_new_lock_makes_a_new_environment_and_new_metadata_a_new_package(bare, tmp_path):
    set_up.set_up()
    bare.clear()
    (tmp_path / "pyproject.toml").write_text("other")
    set_up.set_up()
    assert bare == [".", "check"]
    bare.clear()
    (tmp_path / "requirements.txt").write_text("other")
    set_up.set_up()
    assert bare == ALL


def test_a_damaged_environment_is_set_up_anew(bare, tmp_path, monkeypatch, capsys):
    packages = tmp_path / ".venv-new" / "lib" / "python3.12" / "site-packages"

    def create(venv, before=set_up.create):
        before(venv)
        for name in ("numpy", "sphinx", "yaml"):
            (packages / name).mkdir(parents=True)

    monkeypatch.setattr(set_up, "create", create)
    set_up.set_up()
    shutil.rmtree(tmp_path / ".venv/lib/python3.12/site-packages/yaml")
    bare.clear()
    set_up.set_up()
    assert bare == ALL
    assert ".venv is damaged" in capsys.readouterr().out
    assert (tmp_path / ".venv/lib/python3.12/site-packages/yaml").is_dir()


@pytest.mark.parametrize("broken_at", ["requirements.txt", ".", "check"])
@pytest.mark.parametrize("old", [True, False])
def test_what_worked_still_works_when_the_new_one_fails(bare, tmp_path, monkeypatch, broken_at, old):
    if old:
        set_up.set_up()
        (tmp_path / ".venv" / "mine").touch()
        (tmp_path / "requirements.txt").write_text("other")

    def pip(venv, *arguments):
        if arguments[-1] == broken_at:
            raise set_up.SetUpError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(set_up, "pip", pip)
        with pytest.raises(set_up.SetUpError):
            set_up.set_up()
    assert set_up.complete(tmp_path / ".venv") == old
    assert (tmp_path / ".venv" / "mine").exists() == old
    bare.clear()
    set_up.set_up()
    assert bare == ALL


KILLED = """
import os, signal, sys
sys.path.insert(0, {tools!r})
import set_up
from pathlib import Path
set_up.ROOT, set_up.VENV = Path({root!r}), Path({root!r}) / ".venv"
def moment(name):
    if name == {moment!r}:
        os.kill(os.getpid(), signal.SIGKILL)
def create(venv):
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    (venv / "bin" / "python").touch(mode=0o755)
    (venv / "pyvenv.cfg").write_text("home = /usr/bin")
    (venv / "new").touch()
    moment("created")
rename = Path.rename
def slow(self, target):
    rename(self, target)
    moment(f"{{self.name}} moved")
set_up.create, Path.rename = create, slow
set_up.pip = lambda venv, *arguments: moment(arguments[-1])
set_up.set_up()
"""
MOMENTS = ["created", "requirements.txt", ".", "check", ".venv moved", ".venv-new moved"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_there_is_a_complete_environment(bare, tmp_path, moment):
    set_up.set_up()
    (tmp_path / "requirements.txt").write_text("other")
    script = KILLED.format(tools=str(ROOT / "tools"), root=str(tmp_path), moment=moment)
    died = subprocess.run([sys.executable, "-c", script], check=False)
    assert died.returncode == -signal.SIGKILL
    places = [tmp_path / ".venv", tmp_path / ".venv-new"]
    assert any(map(set_up.complete, places))
    set_up.set_up()
    assert set_up.complete(places[0])
    assert set_up.found_state() == set_up.wanted_state()


def test_an_environment_whose_python_has_gone_is_made_again(bare, tmp_path):
    set_up.set_up()
    bare.clear()
    (tmp_path / ".venv" / "bin" / "python").unlink()
    set_up.set_up()
    assert bare[0] == "create"


def test_another_python_on_the_path_changes_nothing_unless_it_is_named(bare, tmp_path, monkeypatch):
    set_up.set_up()
    bare.clear()
    called = []
    monkeypatch.setattr(set_up, "version", lambda: "3.99")
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    assert set_up.main([]) == 0
    assert called == [["/usr/bin/python3", set_up.__file__, "--named"]]
    assert set_up.main(["--named"]) == 0
    assert bare == ALL


def test_two_set_ups_wait_for_each_other(tmp_path):
    script = f"import sys, time; sys.path.insert(0, {str(ROOT / 'tools')!r}); import set_up, pathlib; "
    script += f"set_up.ROOT = pathlib.Path({str(tmp_path)!r})\nwith set_up.alone():\n "
    first = subprocess.Popen(
        [sys.executable, "-c", script + "print('in', flush=True); time.sleep(60)"], stdout=-1
    )
    assert first.stdout.readline() == b"in\n"
    second = subprocess.Popen([sys.executable, "-c", script + "print('in', flush=True)"], stdout=-1)
    assert second.stdout.readline().startswith(b"Another set-up is under way")
    first.kill()
    assert second.stdout.readline() == b"in\n"
    assert (first.wait(), second.wait()) == (-signal.SIGKILL, 0)
    first.stdout.close()
    second.stdout.close()


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("OSError: [Errno 28] No space left on device", r"disk is full.*1\.3 GB"),
        (
            "NewConnectionError(': Failed to establish a new connection: Name or service not known')",
            "network",
        ),
        ("ERROR: No matching distribution found for numpy==2.4.6", r"no file of numpy==2\.4\.6"),
        ("No module named pip", "make distclean"),
    ],
)
def test_the_cause_of_a_failure_is_named(said, cause):
    with pytest.raises(set_up.SetUpError) as failed:
        set_up.run([sys.executable, "-c", f"import sys; print({said!r}); sys.exit(1)"])
    assert re.search(cause, str(failed.value).splitlines()[-1])


def test_a_folder_that_cannot_be_written_to_is_named(monkeypatch, capsys):
    def refuse():
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(set_up, "set_up", refuse)
    monkeypatch.setattr(set_up, "found_state", dict)
    monkeypatch.setattr(sys, "prefix", "/usr")
    assert set_up.main([]) == 1
    assert "cannot be written to: /somewhere" in capsys.readouterr().err


@pytest.mark.parametrize("full_at", ["lock", "write_text", "rename"])
def test_a_full_disk_is_named_and_what_worked_still_works(bare, tmp_path, monkeypatch, capsys, full_at):
    set_up.set_up()
    (tmp_path / ".venv" / "mine").touch()
    (tmp_path / "requirements.txt").write_text("other")

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "prefix", "/usr")
    with monkeypatch.context() as patch:
        if full_at == "lock":
            patch.setattr(set_up, "alone", full)
        else:
            patch.setattr(Path, full_at, full)
        assert set_up.main(["--named"]) == 1
    said = capsys.readouterr().err
    assert re.search(rf"disk is full: the environment needs 1\.3 GB; {tmp_path} has room for [\d,]+ MB", said)
    assert "Traceback" not in said
    assert (tmp_path / ".venv" / "mine").exists()
    assert set_up.complete(tmp_path / ".venv")
    assert (tmp_path / ".venv-new").exists() == (full_at == "rename"), "a half one may fill the disk"


def test_an_old_python_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(set_up.SetUpError, match=r"needs Python 3\.11 or later.*\n.*PYTHON="):
        set_up.check_python()
    made = subprocess.run(
        ["make", "setup", "PYTHON=false"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode
    assert "needs Python 3.11 or later; false is not one" in made.stderr


def test_a_python_without_venv_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(set_up.SetUpError, match=r"lacks the module `ensurepip`(.|\n)*-venv"):
        set_up.check_python()
