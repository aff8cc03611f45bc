//! Calls that no crate offers in a safe form.
#![allow(
    unsafe_code,
    reason = "functions of the allocator, which is linked into every build; inherited descriptors; ids of the whole process"
)]

// Named so that the allocator is linked where this is, also into tests.
use mimalloc as _;
use std::ffi::{c_int, c_long, c_uint};
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// mimalloc's `mi_option_purge_delay` (mimalloc.h, `mi_option_t`).
const PURGE_DELAY: c_int = 15;

/// mimalloc's `mi_option_arena_max_object_size` (mimalloc.h, `mi_option_t`), in KiB.
const ARENA_MAX_OBJECT_SIZE: c_int = 45;

// SAFETY: so mimalloc.h declares them (`mi_option_t` is an enum without a fixed type, `long` a C long). Any option and
// value may be given at any time, also before the first allocation; `mi_collect` may be called on any thread.
unsafe extern "C" {
    safe fn mi_option_set(option: c_int, value: c_long);
    safe fn mi_collect(force: bool);
    #[cfg(test)]
    safe fn mi_option_get(option: c_int) -> c_long;
}

// SAFETY: so POSIX and setgroups(2) have them; any ids may be given, and the list is read while the call lasts.
unsafe extern "C" {
    safe fn setresuid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    safe fn setresgid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    fn setgroups(count: usize, list: *const c_uint) -> c_int;
}

/// Gives the whole process other groups and ids. The kernel keeps them by thread; the C library changes those of every
/// thread, which the calls of rustix do not (setresuid(2), "C library/kernel differences").
pub(super) fn set_ids(uid: u32, gid: u32, groups: &[u32]) -> io::Result<()> {
    let checked = |result: c_int| if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
    // SAFETY: the length is that of the list.
    checked(unsafe { setgroups(groups.len(), groups.as_ptr()) })?;
    checked(setresgid(gid, gid, gid))?;
    checked(setresuid(uid, uid, uid))
}

/// The first descriptor that systemd hands over (sd_listen_fds(3)); `None` when it is not open, or was asked for before. What
/// it is, the caller finds out.
pub(super) fn handed_over() -> Option<OwnedFd> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    const FIRST: RawFd = 3;
    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    // SAFETY: only asked whether it is open.
    let descriptor = unsafe { BorrowedFd::borrow_raw(FIRST) };
    rustix::io::fcntl_getfd(descriptor).ok()?;
    // SAFETY: it is open, taken once only, and by the protocol nobody else in this process owns the descriptor.
    Some(unsafe { OwnedFd::from_raw_fd(FIRST) })
}

/// Gives freed memory back to the kernel after this time.
pub(super) fn give_memory_back_after_ms(ms: u16) {
    mi_option_set(PURGE_DELAY, c_long::from(ms));
}

/// Takes memory for objects of at least this size from the kernel, and gives it back when they are freed.
pub(super) fn keep_no_object_of_kib(kib: u16) {
    mi_option_set(ARENA_MAX_OBJECT_SIZE, c_long::from(kib));
}

/// Gives all memory back to the kernel that is free now.
pub(super) fn give_memory_back() {
    mi_collect(true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_those_meant() {
        // What a number of the header means is known by the default that mimalloc documents for it.
        // Other tests of this process may have set it already.
        let largest = mi_option_get(ARENA_MAX_OBJECT_SIZE);
        assert!(largest == 1024 || largest >= 1 << 15, "{largest}");
        keep_no_object_of_kib(1024);
        assert_eq!(mi_option_get(ARENA_MAX_OBJECT_SIZE), 1024);
        let before = mi_option_get(PURGE_DELAY);
        assert!([10, 1000].contains(&before), "{before}");
        give_memory_back_after_ms(10);
        assert_eq!(mi_option_get(PURGE_DELAY), 10);
    }
}
