//! Operations on logs.

use super::{Cx, Download, Downloads, Meta, Method, Need, Nothing, Op, Operation, Read, Stream};
use crate::base::access::Permission::LogsRead;
use crate::base::clock::Time;
use crate::base::limits::{LOG_ENTRIES_DEFAULT, LOG_ENTRIES_MAX, LOG_EXPORT_BYTES_MAX, LOG_EXPORT_ENTRIES_MAX};
use crate::base::names::{LogCursor, SiteName, UnitName};
use crate::base::{Result, locale};
use crate::engine::events::{Sink, Subscription};
use crate::engine::logs;
use crate::platform::logs::{Level, LogEntry, LogQuery, LogStart};
use crate::services::logs::{self as names, KnownLog, LogName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] =
    &[Op::read::<List>(), Op::read::<Show>(), Op::stream::<Follow>(), Op::download::<Export>()];

/// The logs that can be read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogList")]
pub(super) struct Known {
    /// One entry a log; those of sites aside.
    items: Vec<KnownLog>,
}

struct List;

impl Operation for List {
    const META: Meta = Meta::new("log.list", Method::Get, "/logs", Need::Has(LogsRead));
    type In = Nothing;
    type Out = Known;
}

impl Read for List {
    fn read(cx: &Cx, _: Nothing) -> Result<Known> {
        Ok(Known { items: names::known(cx.core)? })
    }
}

/// Which entries of a log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LogSearch")]
pub(super) struct Search {
    /// The log.
    source: LogName,
    /// Requests to this site: its domain or its id.
    site: Option<SiteName>,
    /// The journal of this unit, such as `ssh.service`.
    unit: Option<UnitName>,
    /// Text in message or fields.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// As grave as this, or graver.
    level: Option<Level>,
    /// Not before.
    from: Option<Time>,
    /// Not after.
    until: Option<Time>,
    /// Entries of a page.
    #[schemars(range(min = 1, max = LOG_ENTRIES_MAX))]
    limit: Option<u32>,
    /// Where the page begins: `next` of the page before; when following, `newest`.
    cursor: Option<LogCursor>,
}

impl Search {
    fn query(self, cx: &Cx, start: fn(LogCursor) -> LogStart) -> Result<LogQuery> {
        Ok(LogQuery {
            start: self.cursor.map_or(LogStart::Newest, start),
            text: self.q.filter(|text| !text.is_empty()),
            level: self.level,
            from: self.from,
            until: self.until,
            limit: self.limit.unwrap_or(LOG_ENTRIES_DEFAULT),
            ..names::named(cx.core, self.source, self.site.as_ref(), self.unit)?
        })
    }
}

/// One page of a log, the newest entry first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogPage")]
pub(super) struct Page {
    /// The entries.
    items: Vec<LogEntry>,
    /// Cursor of the next page; `null` at the beginning of the log.
    next: Option<LogCursor>,
    /// Where to follow from, so that nothing is missed or told twice; only of the newest page.
    newest: Option<LogCursor>,
    /// How far was searched, where time ran out before the page was full.
    searched_to: Option<Time>,
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("log.show", Method::Get, "/logs/{source}", Need::Has(LogsRead));
    type In = Search;
    type Out = Page;
}

impl Read for Show {
    fn read(cx: &Cx, input: Search) -> Result<Page> {
        let page = logs::read(cx.core, &input.query(cx, LogStart::Before)?)?;
        Ok(Page { items: page.entries, next: page.older, newest: page.newest, searched_to: page.searched_to })
    }
}

/// New entries of a log, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogNews")]
pub(super) struct News {
    /// The entries.
    entries: Vec<LogEntry>,
}

struct Follow;

impl Operation for Follow {
    const META: Meta = Meta::new("log.follow", Method::Get, "/logs/{source}/follow", Need::Has(LogsRead));
    type In = Search;
    type Out = News;
}

impl Stream for Follow {
    fn listen(cx: &Cx, input: Search, sink: Sink) -> Result<Subscription> {
        logs::follow(cx.core, input.query(cx, LogStart::After)?, sink)
    }
}

struct Export;

impl Operation for Export {
    const META: Meta = Meta::new("log.export", Method::Get, "/logs/{source}/export", Need::Has(LogsRead));
    type In = Search;
    type Out = super::Done;
}

impl Downloads for Export {
    const MEDIA_TYPES: &'static [&'static str] = &["text/plain; charset=utf-8"];

    /// One line an entry, the oldest first. What is too much is left out at the beginning, and said there.
    fn download(cx: &Cx, input: Search) -> Result<Download> {
        let named = [Some(input.source.text()), input.site.as_ref().map(SiteName::as_str)];
        let unit = input.unit.as_ref().map(UnitName::as_str);
        let name = named.into_iter().chain([unit]).flatten().collect::<Vec<_>>().join("-") + ".log";
        let query = LogQuery { limit: LOG_ENTRIES_MAX, ..input.query(cx, LogStart::Before)? };
        let (core, lang) = (cx.core.clone(), cx.request.lang);
        let mut lines: Option<Vec<String>> = None;
        let mut next = move || -> Result<Option<Vec<u8>>> {
            let lines = match &mut lines {
                Some(lines) => lines,
                none => none.insert(gather(&core, query.clone(), lang)?),
            };
            let piece = lines.split_off(lines.len().saturating_sub(PIECE));
            let text: String = piece.iter().rev().map(|line| format!("{line}\n")).collect();
            Ok((!text.is_empty()).then(|| text.into_bytes()))
        };
        Ok(Download {
            name,
            media_type: Self::MEDIA_TYPES[0],
            pieces: Box::new(std::iter::from_fn(move || next().transpose())),
        })
    }
}

/// Lines that are sent at once.
const PIECE: usize = 500;

/// The lines, the newest first.
fn gather(core: &crate::engine::Core, query: LogQuery, lang: locale::Lang) -> Result<Vec<String>> {
    let (mut lines, mut bytes, mut cut) = (Vec::new(), 0, false);
    logs::read_all(core, query, |page| {
        for entry in &page.entries {
            let line = entry.line();
            bytes += line.len();
            cut = bytes > LOG_EXPORT_BYTES_MAX || lines.len() >= LOG_EXPORT_ENTRIES_MAX;
            if cut {
                return false;
            }
            lines.push(line);
        }
        true
    })?;
    if cut {
        lines.push(locale::text(lang, "log.cut", &[("count", lines.len().to_string())]));
    }
    Ok(lines)
}
