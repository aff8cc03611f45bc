//! From file, environment and flags to a [`Config`], or to every problem at once.

use super::options::{ALL, Home, Opt};
use super::problem::{ConfigProblems, Origin, Problem};
use super::sources::{self, Entry};
use super::typed::{Config, Database, LogFormat, NginxOwnership, Profile, below};
use super::value::{Kind, Reason, SOCKET_PATH_BYTES_MAX, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The configuration file, read by the caller.
#[derive(Debug, Clone)]
pub struct FileText {
    /// Its path, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A value given on the command line for one run.
#[derive(Debug, Clone)]
pub struct Override {
    /// The option.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// The flag as people write it, such as `--listen`.
    pub flag: String,
}

/// Everything a configuration is made from.
#[derive(Debug, Clone)]
pub struct LoadInput {
    /// The root prefix; absolute, UTF-8.
    pub root: PathBuf,
    /// The environment; only names that begin with `MANARA_` matter.
    pub env: BTreeMap<String, String>,
    /// The configuration file, where there is one.
    pub file: Option<FileText>,
    /// Values from flags; later ones win.
    pub overrides: Vec<Override>,
}

impl LoadInput {
    /// An installation at `root` with nothing but defaults.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), env: BTreeMap::new(), file: None, overrides: vec![] }
    }
}

/// One option with its value and where that came from.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The row of the table.
    pub opt: &'static Opt,
    /// The value; paths carry the root prefix.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// A configuration without problems.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The options whose home is the file.
    pub config: Config,
    /// Every option, in the order of the table. Store-homed ones have their default or what overrides them in this
    /// run; [`super::Panel::resolve`] joins them with the stored values.
    pub settings: Vec<Setting>,
}

/// Resolves the configuration. Flags win over environment, environment over file, file over the profile's default.
/// Every given value is checked, also one that a stronger source hides.
pub fn load(input: LoadInput) -> Result<Loaded, ConfigProblems> {
    let mut problems = Vec::new();
    let root_ok = input.root.to_str().is_some_and(|r| r == "/" || super::value::is_path(r.trim_end_matches('/')));
    if !root_ok {
        let origin = Origin::Flag { name: "--root".into() };
        problems.push(Problem::new(origin, "root", "option.not_root").with("value", input.root.display()));
    }
    let entries = sources::read(&input, &mut problems);
    for e in &entries {
        if let Err(reason) = &e.value {
            problems.push(Problem::of_value(e.origin.clone(), e.opt.key, shown(e), reason.clone()));
        }
    }
    let profile = profile_of(&entries, &input.root);
    let settings = resolve(&entries, profile, &input.root, &mut problems);
    check_together(&settings, profile, &mut problems);
    let config = ConfigProblems(problems).or_ok(()).map(|()| typed(&settings, input.root, profile))?;
    Ok(Loaded { config, settings })
}

/// The value as a message may quote it.
fn shown(entry: &Entry) -> String {
    if entry.opt.secret { mask(&entry.written) } else { entry.written.clone() }
}

/// A URL with everything that may hold a password left out; a SQLite file has none and is shown whole.
pub(super) fn mask(url: &str) -> String {
    match url.split_once("://") {
        Some(("sqlite", _)) => url.to_owned(),
        Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphabetic()) => format!("{scheme}://***"),
        _ => "***".to_owned(),
    }
}

fn strongest<'a>(entries: &'a [Entry], key: &str) -> Option<(&'a Value, &'a Origin)> {
    entries.iter().rev().filter(|e| e.opt.key == key).find_map(|e| Some((e.value.as_ref().ok()?, &e.origin)))
}

fn profile_of(entries: &[Entry], root: &Path) -> Profile {
    match strongest(entries, "profile") {
        Some((Value::Text(word), _)) if word == "production" => Profile::Production,
        Some(_) => Profile::Development,
        None => Profile::implied_by(root),
    }
}

fn resolve(entries: &[Entry], profile: Profile, root: &Path, problems: &mut Vec<Problem>) -> Vec<Setting> {
    let data_dir = strongest(entries, "data_dir").map(|(value, _)| value.to_string());
    let data_dir = data_dir.as_deref().unwrap_or("/var/lib/manara");
    let mut settings = Vec::with_capacity(ALL.len());
    for opt in ALL {
        let (value, origin) = match strongest(entries, opt.key) {
            Some((value, origin)) => (value.clone(), origin.clone()),
            None => (default_value(opt, profile, data_dir), Origin::Default),
        };
        let value = rooted(opt.kind, value, root);
        if let (Kind::Socket, Value::Text(path)) = (opt.kind, &value)
            && path.len() > SOCKET_PATH_BYTES_MAX
        {
            let reason = Reason::new("option.socket_path_too_long").with("max", SOCKET_PATH_BYTES_MAX);
            problems.push(Problem::of_value(origin.clone(), opt.key, path.clone(), reason));
        }
        settings.push(Setting { opt, value, origin });
    }
    settings
}

/// The default of `opt`; a test holds that every one is valid.
pub(super) fn default_value(opt: &Opt, profile: Profile, data_dir: &str) -> Value {
    let text = opt.default_in(profile).replace("{data_dir}", data_dir);
    opt.kind.read(&text).unwrap_or(Value::Text(text))
}

fn rooted(kind: Kind, value: Value, root: &Path) -> Value {
    let hang = |path: &str| below(root, Path::new(path)).to_string_lossy().into_owned();
    match (kind, value) {
        (Kind::Path | Kind::Socket, Value::Text(path)) => Value::Text(hang(&path)),
        (Kind::Database, Value::Text(url)) => match url.strip_prefix("sqlite://") {
            Some(path) => Value::Text(format!("sqlite://{}", hang(path))),
            None => Value::Text(url),
        },
        (_, value) => value,
    }
}

fn get<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Setting> {
    settings.iter().find(|s| s.opt.key == key)
}

/// Rules between options. Store-homed ones take part only where this run overrides them: their stored values are
/// checked by the operations that set them.
fn check_together(settings: &[Setting], profile: Profile, problems: &mut Vec<Problem>) {
    let mut report = |s: &Setting, reason| {
        problems.push(Problem::of_value(s.origin.clone(), s.opt.key, s.value.to_string(), reason));
    };
    if let (Some(http), Some(https)) = (get(settings, "nginx.http_port"), get(settings, "nginx.https_port"))
        && http.value == https.value
    {
        let later = if https.origin == Origin::Default { http } else { https };
        report(later, Reason::new("option.ports_equal"));
    }
    if let Some(debug) = get(settings, "debug")
        && debug.value == Value::Bool(true)
        && profile == Profile::Production
    {
        report(debug, Reason::new("option.debug_in_production"));
    }
    let overridden = |s: &Setting| s.opt.home == Home::Store && s.origin != Origin::Default;
    if let (Some(listen), Some(tls)) = (get(settings, "panel.listen"), get(settings, "panel.tls"))
        && overridden(listen)
        && (overridden(tls) || profile == Profile::Development)
        && let Err(reason) = super::panel::check_listen(&listen.value, &tls.value)
    {
        report(listen, reason);
    }
}

fn typed(settings: &[Setting], root: PathBuf, profile: Profile) -> Config {
    let text = |key: &str| get(settings, key).map(|s| s.value.to_string()).unwrap_or_default();
    let path = |key: &str| PathBuf::from(text(key));
    let port = |key: &str| text(key).parse().unwrap_or_default();
    let database = text("database_url");
    Config {
        profile,
        debug: text("debug") == "true",
        allow_machine: text("allow_machine") == "true",
        data_dir: path("data_dir"),
        database: Database::Sqlite(database.strip_prefix("sqlite://").unwrap_or(&database).into()),
        key_file: path("key_file"),
        log_level: text("log.level").parse().unwrap_or(log::LevelFilter::Info),
        log_format: if text("log.format") == "json" { LogFormat::Json } else { LogFormat::Text },
        host_socket: path("host_socket"),
        api_socket: path("api_socket"),
        nginx_http_port: port("nginx.http_port"),
        nginx_https_port: port("nginx.https_port"),
        nginx_ownership: match text("nginx.ownership").as_str() {
            "shared" => NginxOwnership::Shared,
            "owned" => NginxOwnership::Owned,
            _ => NginxOwnership::Auto,
        },
        release_url: text("release.url"),
        root,
    }
}
