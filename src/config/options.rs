//! THE table of options. File, environment, flags, `config show`, `config check` and the reference in `docs/` all
//! come from it; so a new option is one row here and its line in both languages (`option.KEY` in the catalogue).

use super::typed::Profile;
use super::value::Kind;
use crate::base::limits::{SESSION_IDLE_S_MAX, SESSION_S_MAX};

/// Where the value of an option lives; each option has exactly one home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// The configuration file; environment and flags override it.
    File,
    /// The panel's database, changed by operations; environment and flags override it for one run.
    Store,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    /// Dotted name, such as `nginx.http_port`.
    pub key: &'static str,
    /// Type, range and how a text becomes a value.
    pub kind: Kind,
    /// Default in the development profile, in the form the environment takes.
    pub development: &'static str,
    /// Default in the production profile.
    pub production: &'static str,
    /// Unit of a number, such as `s`.
    pub unit: Option<&'static str>,
    /// Whether the value may hold a password and is masked wherever it is shown.
    pub secret: bool,
    /// Whether a change needs a restart of the panel.
    pub restart: bool,
    /// Where the value lives.
    pub home: Home,
    /// Whether a wrong value can shut everybody out: a change is then undone unless it is confirmed over the new path.
    pub guarded: bool,
}

impl Opt {
    /// Default in `profile`, as text. `{data_dir}` stands for the value of that option.
    pub fn default_in(&self, profile: Profile) -> &'static str {
        match profile {
            Profile::Development => self.development,
            Profile::Production => self.production,
        }
    }

    /// Name of the environment variable: `MANARA_NGINX_HTTP_PORT` for `nginx.http_port`.
    pub fn env_name(&self) -> String {
        format!("{ENV_PREFIX}{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Key of the option's line in the catalogue.
    pub fn doc_key(&self) -> String {
        format!("option.{}", self.key)
    }

    const fn in_file(key: &'static str, kind: Kind, development: &'static str, production: &'static str) -> Self {
        let home = Home::File;
        Self { key, kind, development, production, unit: None, secret: false, restart: true, home, guarded: false }
    }

    const fn in_store(key: &'static str, kind: Kind, development: &'static str, production: &'static str) -> Self {
        let home = Home::Store;
        Self { key, kind, development, production, unit: None, secret: false, restart: false, home, guarded: false }
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn without_restart(mut self) -> Self {
        self.restart = false;
        self
    }

    const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }

    const fn seconds(mut self) -> Self {
        self.unit = Some("s");
        self
    }
}

/// Every variable of ours begins so.
pub const ENV_PREFIX: &str = "MANARA_";

/// Variables that are no options: the command line's root prefix, token and language; the installer's key.
pub const ENV_OTHER: &[&str] = &["MANARA_ROOT", "MANARA_TOKEN", "MANARA_LANG", "MANARA_RELEASE_KEY"];

/// Beginnings of variables that only test runs set: requirements of the suites, injected faults, points to die at.
pub const ENV_TEST_PREFIXES: &[&str] = &["MANARA_TEST_", "MANARA_FAULT", "MANARA_KILL"];

const PORT: Kind = Kind::Integer { min: 1, max: 65_535 };
const LEVELS: Kind = Kind::Choice(&["error", "warn", "info", "debug", "trace"]);

/// All options, in the order of the reference.
pub const ALL: &[Opt] = &[
    Opt::in_file("profile", Kind::Choice(&["development", "production"]), "development", "production"),
    Opt::in_file("debug", Kind::Bool, "false", "false"),
    Opt::in_file("allow_machine", Kind::Bool, "false", "true"),
    Opt::in_file("data_dir", Kind::Path, "/var/lib/manara", "/var/lib/manara"),
    Opt::in_file("database_url", Kind::Database, "sqlite://{data_dir}/manara.db", "sqlite://{data_dir}/manara.db")
        .secret(),
    Opt::in_file("key_file", Kind::Path, "/etc/manara/secret.key", "/etc/manara/secret.key"),
    Opt::in_file("log.level", LEVELS, "info", "info"),
    Opt::in_file("log.format", Kind::Choice(&["text", "json"]), "text", "json"),
    Opt::in_file("host_socket", Kind::Socket, "/run/manara-host/host.sock", "/run/manara-host/host.sock"),
    Opt::in_file("api_socket", Kind::Socket, "/run/manara/api.sock", "/run/manara/api.sock"),
    Opt::in_file("nginx.http_port", PORT, "8080", "80"),
    Opt::in_file("nginx.https_port", PORT, "8443", "443"),
    Opt::in_file("nginx.ownership", Kind::Choice(&["auto", "shared", "owned"]), "auto", "auto"),
    Opt::in_file("release.url", Kind::Origin, "", "").without_restart(),
    Opt::in_store("panel.listen", Kind::Address, "127.0.0.1:9080", "[::]:9443").guarded(),
    Opt::in_store("panel.tls", Kind::Bool, "false", "true").guarded(),
    Opt::in_store("panel.host_names", Kind::Names, "", "").guarded(),
    Opt::in_store("panel.trusted_proxies", Kind::Networks { everyone: false }, "", "").guarded(),
    Opt::in_store("panel.allowed_addresses", Kind::Networks { everyone: true }, "", "").guarded(),
    Opt::in_store("session.idle_s", Kind::Integer { min: 300, max: SESSION_IDLE_S_MAX }, "43200", "43200").seconds(),
    Opt::in_store("session.total_s", Kind::Integer { min: 3600, max: SESSION_S_MAX }, "604800", "604800").seconds(),
];

/// The option named `key`.
pub fn find(key: &str) -> Option<&'static Opt> {
    ALL.iter().find(|o| o.key == key)
}
