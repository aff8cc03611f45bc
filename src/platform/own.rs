//! The panel's own threads, and the name of the machine it runs on.

/// How much more willingly a background thread gives way to others (nice(2)).
const BACKGROUND_NICE: i32 = 10;

/// Lets the calling thread give way to all others; on Linux the value belongs to the thread, not to the process. A kernel
/// that refuses leaves it as it was: the work is then done with usual priority.
pub fn give_way() {
    if let Err(e) = rustix::process::nice(BACKGROUND_NICE) {
        log::warn!(target: "platform", "a background thread keeps its usual priority: {e}");
    }
}

/// The machine's own name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
