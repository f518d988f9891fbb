"""Enters namespaces of its own, as bubblewrap does: own users, processes, files and network."""

import contextlib
import fcntl
import os
import platform
import signal
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from fysstk_book.grade import linux

DEVICES = ("null", "zero", "full", "random", "urandom")
STUDENT = 1000  # who the notebook is, inside; a number without any rights
ROOMS = ("returned", "work", "home", "tmp")
INSIDE = Path("/notebook")


class View(NamedTuple):
    """What a notebook sees of the machine.

    Attributes
    ----------
    read
        Files and folders that it may read, at the places where they are.
    without
        A folder below one of them of which it sees only `__init__.py`: the catalogue, with its solutions.
    returned
        What the student returned, read-only.
    megabytes
        How much it may write in all.
    """

    read: tuple[str, ...]
    without: str
    returned: str
    megabytes: int


def bubblewrap(view: View) -> list[str]:
    """Return the command, up to the program's own, that runs a program in this view."""
    size = str(view.megabytes * 1024**2)
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--uid", str(STUDENT), "--gid", str(STUDENT)]
    for path in view.read:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind", path, path]
    hidden = view.without
    command += ["--tmpfs", hidden, "--ro-bind", hidden + "/__init__.py", hidden + "/__init__.py"]
    command += ["--remount-ro", hidden, "--proc", "/proc", "--dev", "/dev", "--size", size]
    command += ["--tmpfs", "/dev/shm", "--size", size, "--tmpfs", str(INSIDE)]
    for room in ROOMS:
        command += ["--dir", str(INSIDE / room)]
    command += ["--ro-bind", view.returned, str(INSIDE / "returned")]
    below = any(path.startswith("/tmp/") for path in view.read)
    command += ["--dir", "/tmp"] if below else ["--symlink", str(INSIDE / "tmp"), "/tmp"]
    command += ["--remount-ro", "/"]
    return [*command, "--chdir", str(INSIDE / "work"), "--"]


def enter(view: View) -> None:  # pragma: no cover - runs in the guard's child
    """Do the same without bubblewrap; returns in a process that has entered the view.

    The process that calls this waits for that one, and ends with its exit code.

    Raises
    ------
    OSError
        When the system does not let an ordinary user do so.
    """
    user, group = os.getuid(), os.getgid()
    everything = linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWNET
    linux.call("unshare", everything | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{STUDENT} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{STUDENT} {group} 1")
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    _become_child()  # the first process of the new namespace: it mounts /proc
    _arrange(view)
    with contextlib.suppress(OSError):
        _network_of_one()
    _become_child()  # the second is the notebook's
    for capability in range(64):
        with contextlib.suppress(OSError):
            linux.call("prctl", linux.PR_CAPBSET_DROP, capability, 0, 0, 0)
    linux.no_new_rights()
    os.chdir(INSIDE / "work")


def _become_child() -> None:  # pragma: no cover - as above
    """Go on in a child; the parent waits for it, reaps orphans, and ends as the child ends."""
    child = os.fork()
    if child == 0:
        linux.call("prctl", linux.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        return
    with contextlib.suppress(OSError):
        os.closerange(3, 1024)  # the channel is the notebook's: it ends when the notebook does
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _arrange(view: View) -> None:  # pragma: no cover - as above
    """Build a root that holds what the view names, and move into it."""
    root = "/tmp"
    keep = {path: _kind(path) for path in view.read}
    shown = Path(view.without, "__init__.py").read_bytes()
    os.chdir("/")
    # The old root stays in reach, as a folder of the new one, until all is bound.
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, f"size={view.megabytes}m,mode=755")
    old = root + "/.old"
    os.mkdir(old)
    number = linux.PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"the number of pivot_root is not known for {platform.machine()}")
    linux.call("syscall", number, root, old)
    os.chdir("/")
    for path, kind in keep.items():
        _bind("/.old" + path, path, kind)
    linux.mount("tmpfs", view.without, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    Path(view.without, "__init__.py").write_bytes(shown)
    linux.read_only(view.without)
    for room in ROOMS:
        (INSIDE / room).mkdir(parents=True, exist_ok=True)
    _bind("/.old" + view.returned, str(INSIDE / "returned"), "folder")
    for name in DEVICES:
        _device(name)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")
    os.makedirs("/dev/shm", exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.symlink(INSIDE / "tmp", "/tmp")
    os.makedirs("/proc", exist_ok=True)
    linux.mount("proc", "/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV)
    linux.call("umount2", "/.old", linux.MNT_DETACH)
    os.rmdir("/.old")


def _kind(path: str) -> str:  # pragma: no cover - as above
    if os.path.islink(path):
        return os.readlink(path)
    return "folder" if os.path.isdir(path) else "file"


def _bind(source: str, target: str, kind: str) -> None:  # pragma: no cover - as above
    """Show a file or folder at a place, read-only; links are made anew."""
    os.makedirs(target if kind == "folder" else os.path.dirname(target), exist_ok=True)
    if kind not in ("file", "folder"):
        os.symlink(kind, target)
        return
    if kind == "file":
        Path(target).touch()
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    linux.read_only(target)


def _device(name: str) -> None:  # pragma: no cover - as above
    os.makedirs("/dev", exist_ok=True)
    Path("/dev", name).touch()
    linux.mount(f"/.old/dev/{name}", f"/dev/{name}", None, linux.MS_BIND)


def _network_of_one() -> None:  # pragma: no cover - as above
    """Switch on the loopback of the new network: a notebook may talk to itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))
