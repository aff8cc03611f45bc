//! Which of the two processes does what. In production the panel is an ordinary user; where no service manager starts
//! both (containers), root's panel starts the host and becomes that user before it does anything else.

use crate::base::{Error, Result};
use crate::config::Config;
use crate::platform::host_service::Child;
use crate::platform::{files, users};

/// What development uses for its tests: a host of its own process there, too.
const TEST_HOST: &str = "MANARA_TEST_HOST";

/// Whether the host is a child of this process.
pub(super) fn has_child(config: &Config) -> bool {
    if config.is_development() {
        std::env::var(TEST_HOST).is_ok_and(|value| value == "process")
    } else {
        files::is_root()
    }
}

/// Starts the host as a child, where it is to be one, and gives up being root.
pub(super) fn take(config: &Config) -> Result<Option<Child>> {
    let child = if has_child(config) { Some(start(config)?) } else { None };
    become_panel(config)?;
    Ok(child)
}

/// Gives up being root in the production profile. Only while this process has a single thread.
pub(super) fn become_panel(config: &Config) -> Result<()> {
    if config.is_development() || !files::is_root() {
        return Ok(());
    }
    let account = users::panel(&config.root)?;
    let console = account.groups.first().copied().unwrap_or(account.gid);
    files::folder(&config.data_dir, account.uid, account.gid, 0o700)?;
    let run = config.api_socket.parent().ok_or_else(|| Error::fault("the socket has no folder"))?;
    files::folder(run, account.uid, console, 0o750)?;
    users::become_account(&account)
}

fn start(config: &Config) -> Result<Child> {
    // What flags of this command said, the other process hears as environment.
    let variables = [
        ("MANARA_ALLOW_MACHINE", config.allow_machine.to_string()),
        ("MANARA_HOST_SOCKET", config.host_socket.display().to_string()),
        ("MANARA_NGINX_HTTP_PORT", config.nginx_http_port.to_string()),
        ("MANARA_NGINX_HTTPS_PORT", config.nginx_https_port.to_string()),
    ];
    Child::start(&config.root, &variables)
}
