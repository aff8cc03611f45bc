//! The panel's own threads and memory, and the name of the machine it runs on.

/// How much more willingly a background thread gives way to others (nice(2)).
const BACKGROUND_NICE: i32 = 10;

/// Lets the calling thread give way to all others; on Linux the value belongs to the thread, not to the process. A kernel
/// that refuses leaves it as it was: the work is then done with usual priority.
pub fn give_way() {
    if let Err(e) = rustix::process::nice(BACKGROUND_NICE) {
        log::warn!(target: "manara::platform", "a background thread keeps its usual priority: {e}");
    }
}

/// Time after which freed memory goes back to the kernel. The allocator's own second is too long for a process that does
/// something and then rests: it looks again only when it is used again.
const MEMORY_KEPT_MS: u16 = 10;

/// Objects as large as this are nobody's everyday: the block of a password's hash, a tree of ten thousand sites. Kept for
/// the next one, a few kilobytes in use would hold the megabytes around them.
const LARGE_OBJECT_KIB: u16 = 1024;

/// Makes this process keep little memory when it rests. Freed memory goes back soon, large objects at once, and the kernel does not back the heap
/// with huge pages (PR_SET_THP_DISABLE, prctl(2)), of which a few kilobytes in use would hold two megabytes; programs
/// that are started inherit that. A kernel that refuses costs memory only.
pub fn keep_little_memory() {
    super::sys::give_memory_back_after_ms(MEMORY_KEPT_MS);
    super::sys::keep_no_object_of_kib(LARGE_OBJECT_KIB);
    if let Err(e) = rustix::thread::disable_transparent_huge_pages(true) {
        log::debug!(target: "manara::platform", "huge pages stay: {e}");
    }
}

/// Gives memory back that was freed and that nobody's next allocation gave back: the allocator does so only when it is
/// used. Costs microseconds.
pub fn give_memory_back() {
    super::sys::give_memory_back();
}

/// Asks this process to end in an orderly way, as a service manager would.
pub(crate) fn ask_to_end() {
    // A process can always signal itself.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
}

/// The machine's own name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_pages_are_off() {
        keep_little_memory();
        assert!(rustix::thread::transparent_huge_pages_are_disabled().unwrap());
    }

    #[test]
    fn only_the_calling_thread_gives_way() {
        let before = rustix::process::getpriority_process(None).unwrap();
        let inside = std::thread::spawn(|| {
            give_way();
            rustix::process::getpriority_process(None).unwrap()
        });
        assert_eq!(inside.join().unwrap(), (before + BACKGROUND_NICE).min(19));
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), before);
    }
}
