"""The system calls that an answer may make: a list of what is allowed, compiled by libseccomp.

libseccomp knows the calls' numbers on each machine. The filter is made out here, where the library
is, and each process that runs an answer sets it on itself (seccomp(2)). Any call that is not on
the list fails as it does on a system that has no such call.
"""

import ctypes
import errno
import functools
import os
import tempfile

_CLONE_THREAD = 0x00010000
_CLONE_OTHERS = 0x7E020000 | 0x00002000 | 0x00004000 | 0x00800000
"""Flags of clone(2): new namespaces, and being traced or waited for as a process."""

ALLOWED = (
    # memory, which has its own limit
    *("brk", "madvise", "mincore", "mmap", "mprotect", "mremap", "msync", "munmap"),
    # threads of one's own, and waiting for them; how many is watched from outside
    *("arch_prctl", "futex", "get_robust_list", "gettid", "rseq", "sched_getaffinity"),
    *("sched_getparam", "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min"),
    *("sched_yield", "set_robust_list", "set_tid_address", "getcpu"),
    # files, of which all but those in the temporary folder can only be read
    *("access", "chdir", "chmod", "close", "close_range", "copy_file_range", "creat", "dup"),
    *("dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod"),
    *("fchmodat", "fdatasync", "fgetxattr", "flistxattr", "fstat", "fstatfs", "fsync"),
    *("ftruncate", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "lgetxattr"),
    *("listxattr", "llistxattr", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open"),
    *("openat", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev"),
    *("pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "rename", "renameat"),
    *("renameat2", "rmdir", "sendfile", "stat", "statfs", "statx", "symlink", "symlinkat"),
    *("truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes", "write"),
    *("writev",),
    # waiting
    *("clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1"),
    *("epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "gettimeofday", "nanosleep", "poll"),
    *("ppoll", "pselect6", "restart_syscall", "select", "time", "times"),
    # oneself
    *("exit", "exit_group", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp"),
    *("getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit"),
    *("getrusage", "getsid", "getuid", "rt_sigaction", "rt_sigpending", "rt_sigprocmask"),
    *("rt_sigreturn", "sigaltstack", "sysinfo", "uname"),
)
"""Calls that may be made with whatever arguments."""

_EQUAL, _MASKED = 4, 7

ALLOWED_WITH: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    # a thread, and no process
    "clone": ((0, _MASKED, _CLONE_THREAD | _CLONE_OTHERS, _CLONE_THREAD),),
    # one's own limits, not those of the process that runs the next answer
    "prlimit64": ((0, _EQUAL, 0, 0),),
    # F_DUPFD, F_GETFD to F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ: no signals to others, no locks
    "fcntl": tuple((1, _EQUAL, command, 0) for command in (0, 1, 2, 3, 4, 1030, 1032)),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    "ioctl": tuple(
        (1, _EQUAL, request, 0) for request in (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
    ),
    # PR_SET_NAME, PR_GET_NAME
    "prctl": ((0, _EQUAL, 15, 0), (0, _EQUAL, 16, 0)),
}
"""Calls that may be made where an argument fits: (number, comparison, value or mask, value)."""

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_BAD_ARCHITECTURE = 2


class _Argument(ctypes.Structure):
    _fields_ = (
        ("number", ctypes.c_uint),
        ("comparison", ctypes.c_uint),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def missing() -> str:
    """Return why no filter can be made here, "" where it can."""
    try:
        program()
    except OSError as error:
        return f"libseccomp.so.2 cannot be used ({error}); Debian, Ubuntu: apt install libseccomp2"
    return ""


@functools.cache
def program() -> bytes:
    """Return the filter as the kernel takes it.

    Raises:
        OSError: There is no libseccomp, or it does not know this machine.
    """
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ERRNO | errno.ENOSYS)))
    if not context:
        raise OSError("it does not know this machine")
    try:
        _tried(library.seccomp_attr_set(context, _BAD_ARCHITECTURE, ctypes.c_uint32(_KILL)))
        rules = [(name, None) for name in ALLOWED] + [
            (name, _Argument(*one)) for name, several in ALLOWED_WITH.items() for one in several
        ]
        for name, argument in rules:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number < 0:  # this machine has another call for it
                continue
            given = ctypes.byref(argument) if argument else None
            action = ctypes.c_uint32(_ALLOW)
            _tried(
                library.seccomp_rule_add_array(
                    context, action, number, int(argument is not None), given
                )
            )
        with tempfile.TemporaryFile() as file:
            _tried(library.seccomp_export_bpf(context, file.fileno()))
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)


def _tried(result: int) -> None:
    if result:
        raise OSError(-result, os.strerror(-result))
