//! The terminal somebody types at.

use crate::base::{Error, Result};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Runs `work` while what is typed at the standard input stays unseen; the terminal is as before afterwards, also when
/// `work` panics.
pub fn unseen<T>(work: impl FnOnce() -> T) -> Result<T> {
    let input = std::io::stdin();
    let before = tcgetattr(&input).map_err(Error::fault)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&input, OptionalActions::Flush, &silent).map_err(Error::fault)?;
    let _back = Back(before);
    Ok(work())
}

struct Back(rustix::termios::Termios);

impl Drop for Back {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0) {
            log::warn!("the terminal stays silent: {error}");
        }
    }
}
