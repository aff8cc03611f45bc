//! Where the panel listens, as the engine sees it: the surface that listens is above it and offers itself here.

use super::settings::Resolved;
use crate::base::{Error, Result};
use crate::platform::panel_tls::PairId;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// How the panel's port is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Address and port.
    pub listen: SocketAddr,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// The kept pair of certificate and key that is shown; `None` for the files.
    pub certificate: Option<PairId>,
    /// Names that a certificate made for it carries.
    pub names: Vec<String>,
}

impl Way {
    /// Whether changing from one to the other changes what a client meets.
    pub fn differs(&self, other: &Way) -> bool {
        (self.listen, self.tls) != (other.listen, other.tls) || (other.tls && self.certificate != other.certificate)
    }
}

impl From<&Resolved> for Way {
    fn from(resolved: &Resolved) -> Way {
        let panel = &resolved.panel;
        let certificate = resolved.certificate;
        Way { listen: panel.listen, tls: panel.tls, certificate, names: panel.host_names.clone() }
    }
}

/// Lets what was prepared answer. Dropped uncalled, it is closed again.
pub type Open = Box<dyn FnOnce() + Send>;

/// Whoever listens.
pub trait Doors: Send + Sync {
    /// Takes the address of `way` beside those that are open, without answering there yet, and gets ready what it shows.
    /// Errors: `listen_failed`, `plain_http_outside`, `panel_certificate`.
    fn prepare(&self, way: &Way) -> Result<Open>;
    /// Closes every door but that of `way`.
    fn keep(&self, way: &Way);
    /// The certificate that new connections are shown, with those above it, PEM; `None` where none was yet.
    fn certificate(&self) -> Option<String>;
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
