//! Opening the panel's state: configuration, key, database, machine, engine.

use crate::base::clock::Clock;
use crate::base::layout::{Layout, control_url};
use crate::base::{Result, ids};
use crate::config::{Config, Database, FileText, LoadInput, Loaded, Override, file_path, load};
use crate::engine::core::Parts;
use crate::engine::hooks::{Hooks, NoHooks};
use crate::engine::{Core, certificate, guard, recover};
use crate::platform::clock::SystemClock;
use crate::platform::host_service::Client;
use crate::platform::local::{LocalHost, Places};
use crate::platform::{Faults, Host, files, users};
use crate::store::key_file::{self, KeyFileRule};
use crate::store::{Options, READERS_DEFAULT, Store, lease, migrations};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Largest configuration file that is read.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// Reads file and environment of the installation at `root`. Problems are returned all together, worded.
pub fn config(root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
    let path = file_path(root);
    let file = files::read_own(&path, CONFIG_BYTES_MAX)?.map(|text| FileText { path, text });
    let mut env: BTreeMap<_, _> = std::env::vars().filter(|(name, _)| name.starts_with("MANARA_")).collect();
    if let Some(key) = handed_over_key()? {
        env.entry("MANARA_KEY_FILE".into()).or_insert(key);
    }
    Ok(load(LoadInput { root: root.to_owned(), env, file, overrides })?)
}

/// The master key where systemd hands it over (`LoadCredential=secret.key:…`, systemd.exec(5)).
fn handed_over_key() -> Result<Option<String>> {
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    let path = Path::new(&folder).join("secret.key");
    Ok(files::owner(&path)?.map(|_| path.display().to_string()))
}

/// How the key file is to be guarded.
fn key_rule(config: &Config) -> Result<KeyFileRule> {
    if config.is_development() {
        return Ok(KeyFileRule::Any);
    }
    Ok(KeyFileRule::Private { group: users::group(&config.root, users::PANEL)? })
}

/// Opens the database only to look at it, which is possible while the panel runs; `None` when there is none yet.
pub fn look(config: &Config) -> Result<Option<Store>> {
    let Database::Sqlite(path) = &config.database;
    if files::owner(path)?.is_none() {
        return Ok(None);
    }
    let master_key = key_file::load(&config.key_file, key_rule(config)?)?;
    let options = Options { path: path.clone(), master_key, clock: Arc::new(SystemClock), readers: 1 };
    Store::look(options).map(Some)
}

/// Opens the database, making key and folders in the development profile, and brings it up to date.
pub fn store(config: &Config, clock: Arc<dyn Clock>) -> Result<Store> {
    if config.is_development() && files::owner(&config.key_file)?.is_none() {
        config.key_file.parent().map(files::RootDir::open_or_make).transpose()?;
        key_file::create(&config.key_file)?;
    }
    let master_key = key_file::load(&config.key_file, key_rule(config)?)?;
    let Database::Sqlite(path) = &config.database;
    Store::open(Options { path: path.clone(), master_key, clock, readers: READERS_DEFAULT })
}

/// Opens everything over the machine that the profile says, and repairs what an earlier run left behind. Afterwards
/// changes may be made.
pub fn core(loaded: Loaded) -> Result<Arc<Core>> {
    let faults = Arc::new(Faults::from_environment());
    let host = host(&loaded.config, faults.clone())?;
    core_over(loaded, host, faults)
}

/// The machine: in this process in the development profile, else through the host service.
pub fn host(config: &Config, faults: Arc<Faults>) -> Result<Arc<dyn Host>> {
    if config.is_development() {
        Ok(Arc::new(local_host(config, faults)?))
    } else {
        Ok(Arc::new(Client::new(config.host_socket.clone())?))
    }
}

/// The machine itself, for the process that may touch it.
pub fn local_host(config: &Config, faults: Arc<Faults>) -> Result<LocalHost> {
    let places = Places {
        root: config.root.clone(),
        probe: control_url(config.nginx_http_port),
        may_install: config.allow_machine,
        may_stop_nginx: config.is_development(),
        ownership: config.nginx_ownership,
        ports: (config.nginx_http_port, config.nginx_https_port),
    };
    LocalHost::open(&places, faults)
}

/// As [`core`] over a given machine.
pub fn core_over(loaded: Loaded, host: Arc<dyn Host>, faults: Arc<Faults>) -> Result<Arc<Core>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = store(&loaded.config, clock.clone())?;
    assemble(loaded, store, host, clock, Box::new(NoHooks), faults)
}

/// Puts the engine together over a store and a machine, with those who take part through hooks.
pub fn assemble(
    loaded: Loaded,
    store: Store,
    host: Arc<dyn Host>,
    clock: Arc<dyn Clock>,
    hooks: Box<dyn Hooks>,
    faults: Arc<Faults>,
) -> Result<Arc<Core>> {
    migrations::up(&store)?;
    let owner = ids::new_id("o")?;
    lease::take(&store, &owner)?;
    let config = &loaded.config;
    let layout = Layout {
        root: config.root.clone(),
        http_port: config.nginx_http_port,
        https_port: config.nginx_https_port,
        ipv6: files::owner(Path::new("/proc/net/if_inet6"))?.is_some(),
        user: match (config.is_development(), files::is_root()) {
            (true, true) => Some("root"),
            (true, false) => None,
            (false, _) => Some("www-data"),
        },
    };
    let core = Core::new(Parts { loaded, store, host, clock, layout, hooks, faults, owner });
    recover::recover(&core)?;
    guard::resume(&core)?;
    certificate::settle(&core);
    Ok(core)
}
