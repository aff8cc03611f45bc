//! The log: lines for people, or one JSON object per line, on standard error.
//!
//! Secrets stay out in two ways: `Secret` prints `***`, and libraries are heard from `warn` on only, because some of
//! them print request heads (with tokens in them) when they are more talkative.

use crate::base::clock::{Clock, Time};
use crate::base::names::is_deceptive;
use crate::config::{Config, LogFormat};
use crate::engine::logs::lines::LINES;
use log::kv::{Error as KvError, Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

/// Begins every target of ours; records of other targets count as a library's.
pub const TARGET_PREFIX: &str = "manara";

/// Starts logging as `config` says; a second call changes nothing. Lines that no journal takes are kept in memory, too,
/// so that they can be read in the panel.
pub fn start(config: &Config, clock: Arc<dyn Clock>) {
    if std::env::var_os("JOURNAL_STREAM").is_none() {
        LINES.keep();
    }
    // A logger that is already there (the test harness's, or ours) stays.
    let _ = builder(config, clock).try_init();
}

fn builder(config: &Config, clock: Arc<dyn Clock>) -> env_logger::Builder {
    let mut builder = env_logger::Builder::new();
    builder
        .filter_level(config.log_level.min(LevelFilter::Warn))
        .filter_module(TARGET_PREFIX, config.log_level)
        .target(env_logger::Target::Stderr);
    match config.log_format {
        LogFormat::Json => builder.format(move |out, record| {
            let line = json_line(clock.now(), record);
            if LINES.are_kept() {
                LINES.push(&line);
            }
            writeln!(out, "{line}")
        }),
        LogFormat::Text => builder.format(move |out, record| {
            let style = out.default_level_style(record.level());
            let now = clock.now();
            if LINES.are_kept() {
                LINES.push(&json_line(now, record));
            }
            let (time, level) = (now.rfc3339(), record.level());
            writeln!(out, "{time} {style}{level:<5}{style:#} {}", text_of(record))
        }),
    };
    builder
}

/// Target, message and pairs on one line. What could forge a line or drive a terminal is escaped.
fn text_of(record: &Record<'_>) -> String {
    let mut line = format!("{}: {}", record.target(), record.args());
    for (key, value) in pairs(record) {
        let text = value.to_borrowed_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
        let quoted = text.contains([' ', '"', '=']);
        let _ = if quoted { write!(line, " {key}={text:?}") } else { write!(line, " {key}={text}") };
    }
    if !line.contains(is_deceptive) {
        return line;
    }
    let mut safe = String::with_capacity(line.len());
    for c in line.chars() {
        if is_deceptive(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// One JSON object: `time`, `level`, `target`, `message`, then the record's pairs under their own names.
fn json_line(time: Time, record: &Record<'_>) -> String {
    let message = record.args().to_string();
    let level = record.level().as_str().to_ascii_lowercase();
    let own = [("time", &*time.rfc3339()), ("level", &level), ("target", record.target()), ("message", &message)];
    let pairs = pairs(record);
    let mut line = Vec::with_capacity(256);
    let written = serde_json::Serializer::new(&mut line).collect_map(
        own.iter().map(|(name, text)| (Cow::Borrowed(*name), Pair::Text(text))).chain(pairs.iter().map(
            |(name, value)| {
                let taken = own.iter().any(|(known, _)| known == &name.as_str());
                (if taken { format!("kv.{name}").into() } else { name.as_str().into() }, Pair::Value(value))
            },
        )),
    );
    // Text and numbers always can be written, and are UTF-8.
    written.ok().and_then(|()| String::from_utf8(line).ok()).unwrap_or_default()
}

fn pairs<'r>(record: &'r Record<'r>) -> Vec<(Key<'r>, Value<'r>)> {
    struct Pairs<'r>(Vec<(Key<'r>, Value<'r>)>);
    impl<'r> VisitSource<'r> for Pairs<'r> {
        fn visit_pair(&mut self, key: Key<'r>, value: Value<'r>) -> Result<(), KvError> {
            self.0.push((key, value));
            Ok(())
        }
    }
    let mut pairs = Pairs(Vec::new());
    // Our visitor never fails, and a source that does has given what it could.
    let _ = record.key_values().visit(&mut pairs);
    pairs.0
}

/// A value of a log line as it is written to JSON.
enum Pair<'a> {
    Text(&'a str),
    Value(&'a Value<'a>),
}

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match self {
            Pair::Text(text) => return serializer.serialize_str(text),
            Pair::Value(value) => value,
        };
        if let Some(text) = value.to_borrowed_str() {
            serializer.serialize_str(text)
        } else if let Some(flag) = value.to_bool() {
            serializer.serialize_bool(flag)
        } else if let Some(number) = value.to_i64() {
            serializer.serialize_i64(number)
        } else if let Some(number) = value.to_u64() {
            serializer.serialize_u64(number)
        } else if let Some(number) = value.to_f64() {
            serializer.serialize_f64(number)
        } else {
            serializer.collect_str(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::config::{LoadInput, load};
    use log::{Level, Log};
    use std::sync::Mutex;

    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> Time {
            Time(1_700_000_000_123)
        }
    }

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What the logger of an installation at `root` with `level` writes.
    fn written(root: &str, level: &str, say: impl Fn(&dyn Log)) -> String {
        let mut input = LoadInput::at(root);
        input.env.insert("MANARA_LOG_LEVEL".into(), level.into());
        let config = load(input).unwrap().config;
        let sink = Sink::default();
        let target = env_logger::Target::Pipe(Box::new(sink.clone()));
        let logger = builder(&config, Arc::new(Fixed)).target(target).build();
        say(&logger);
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    fn record(log: &dyn Log, level: Level, target: &str, args: std::fmt::Arguments<'_>, kvs: &[(&str, Value<'_>)]) {
        log.log(&Record::builder().level(level).target(target).args(args).key_values(&kvs).build());
    }

    #[test]
    fn production_writes_one_json_object_per_line() {
        let text = written("/", "info", |log| {
            let kvs = [("request", "r_1".into()), ("ms", 12_u64.into()), ("ok", true.into()), ("time", "x\ny".into())];
            record(log, Level::Info, "manara::http", format_args!("served \"a\"\nb"), &kvs);
        });
        assert_eq!(
            text,
            "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\",\"target\":\"manara::http\",\
             \"message\":\"served \\\"a\\\"\\nb\",\"request\":\"r_1\",\"ms\":12,\"ok\":true,\"kv.time\":\"x\\ny\"}\n"
        );
    }

    #[test]
    fn development_writes_lines_that_cannot_be_forged() {
        let text = written("/x", "info", |log| {
            let kvs = [("path", "/a b".into()), ("bytes", 3_i64.into())];
            record(log, Level::Warn, "manara::x", format_args!("bad\n2023 INFO \u{1b}[2J\u{202e}"), &kvs);
        });
        let expected =
            "2023-11-14T22:13:20.123Z WARN  manara::x: bad\\n2023 INFO \\u{1b}[2J\\u{202e} path=\"/a b\" bytes=3\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn libraries_are_heard_from_warnings_on_and_secrets_never() {
        let text = written("/", "trace", |log| {
            record(log, Level::Debug, "hyper::proto", format_args!("authorization: Bearer t_secret"), &[]);
            record(log, Level::Warn, "hyper::proto", format_args!("heard"), &[]);
            let password = Secret::new("hunter2".to_owned());
            let kvs = [("password", Value::from_display(&password))];
            record(log, Level::Trace, "manara::accounts", format_args!("set {password:?}"), &kvs);
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("heard") && text.contains("\"password\":\"***\"") && !text.contains("hunter2"), "{text}");
        assert_eq!(written("/", "error", |l| record(l, Level::Warn, "hyper", format_args!("x"), &[])), "");
    }
}
