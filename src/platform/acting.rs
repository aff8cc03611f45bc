//! On whose behalf this thread asks the machine, for the log of the host service. It is told, never proved.

use std::cell::RefCell;

thread_local! {
    static ACTOR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does `work` on behalf of `actor`.
pub fn on_behalf_of<T>(actor: &str, work: impl FnOnce() -> T) -> T {
    let _back = Back(ACTOR.replace(actor.to_owned()));
    work()
}

/// Who that is now; empty for the panel itself.
pub(super) fn actor() -> String {
    ACTOR.with_borrow(String::clone)
}

/// Puts the former one back, also when the work panics.
struct Back(String);

impl Drop for Back {
    fn drop(&mut self) {
        ACTOR.replace(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_work() {
        on_behalf_of("ali", || {
            assert_eq!(on_behalf_of("omar", actor), "omar");
            assert!(std::panic::catch_unwind(|| on_behalf_of("noor", || panic!("a bug"))).is_err());
            assert_eq!(actor(), "ali");
        });
        assert_eq!(actor(), "");
    }
}
