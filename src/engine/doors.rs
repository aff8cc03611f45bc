//! Where the panel listens, as the engine sees it: the surface that listens is above it and offers itself here.

use crate::base::{Error, Result};
use crate::config::Panel;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// How the panel's port is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Address and port.
    pub listen: SocketAddr,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// Names that a certificate made for it carries.
    pub names: Vec<String>,
}

impl From<&Panel> for Way {
    fn from(panel: &Panel) -> Way {
        Way { listen: panel.listen, tls: panel.tls, names: panel.host_names.clone() }
    }
}

/// Lets what was prepared answer. Dropped uncalled, it is closed again.
pub type Open = Box<dyn FnOnce() + Send>;

/// Whoever listens.
pub trait Doors: Send + Sync {
    /// Takes the address of `way` beside those that are open, without answering there yet. Errors: `listen_failed`,
    /// `plain_http_outside`, `panel_certificate`.
    fn prepare(&self, way: &Way) -> Result<Open>;
    /// Closes every door but that of `way`.
    fn keep(&self, way: &Way);
}

/// Knows who listens, while somebody does.
#[derive(Default)]
pub struct DoorKeeper {
    doors: Mutex<Option<Weak<dyn Doors>>>,
    turn: Mutex<()>,
}

impl DoorKeeper {
    /// From now on `doors` listen.
    pub fn offer(&self, doors: Weak<dyn Doors>) {
        *self.doors.lock().unwrap_or_else(PoisonError::into_inner) = Some(doors);
    }

    /// Whoever listens; nobody in a panel that is not served.
    pub fn get(&self) -> Result<Option<Arc<dyn Doors>>> {
        Ok(self.doors.lock().map_err(Error::fault)?.as_ref().and_then(Weak::upgrade))
    }

    /// Opening and closing by turns.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
