//! Whether the kernel offers what confinement is built on. Asked of the kernel itself: a version number does not tell
//! what an emulator or a container's filter leaves out.

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

/// Whether system-call filters work; qemu's user emulation refuses every question about them.
pub(super) fn has_seccomp() -> bool {
    rustix::thread::secure_computing_mode().is_ok()
}

/// Whether `openat2` works: it is missing before Linux 5.6, under qemu's user emulation and behind old filters.
pub(super) fn has_openat2() -> bool {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let Ok(root) = rustix::fs::open("/", flags, Mode::empty()) else {
        return false;
    };
    // A lookup that loses a race against a rename says so; the call itself is there.
    matches!(openat2(root, ".", flags, Mode::empty(), beneath), Ok(_) | Err(Errno::AGAIN))
}
