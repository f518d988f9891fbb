"""The calls to the Linux kernel for which Python has no function of its own."""

import ctypes
import os
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
# The newer calls have one number on all processors; pivot_root, an old one, has not.
SYS_MOUNT_SETATTR, SYS_LANDLOCK = 442, 444
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}


def call(name: str, *arguments: Any) -> int:
    """Call a function of the C library by its name.

    Raises
    ------
    OSError
        When it fails, with the kernel's reason.
    """
    library = ctypes.CDLL(None, use_errno=True)
    try:
        result = int(getattr(library, name)(*map(_as_c, arguments)))
    except AttributeError:
        raise OSError(f"this system has no {name}") from None
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def _as_c(value: Any) -> Any:
    """Let numbers pass as long ones and texts as bytes."""
    if isinstance(value, int):
        return ctypes.c_ulong(value)
    return os.fsencode(value) if isinstance(value, str) else value


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount a file system, or bind a folder to another place."""
    call("mount", source, target, kind, flags, options)


def read_only(target: str) -> None:
    """Make a mount, and those below it, read-only."""
    attributes = (ctypes.c_uint64 * 4)(1 | 2 | 4, 0, 0, 0)  # read-only, no set-user-id, no devices
    call("syscall", SYS_MOUNT_SETATTR, -100, target, 0x8000, ctypes.byref(attributes), 32)


def no_new_rights() -> None:
    """Let no program that is started from here on have more rights than this one."""
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
