//! systemd's journal (journalctl(1)).

use super::parse;
use super::sieve::{Seen, Sieve};
use super::{LogPage, LogQuery, LogSource, LogStart};
use crate::base::Result;
use crate::base::limits::{LOG_ENTRIES_MAX, LOG_LOOK_BYTES_MAX, LOG_SEARCH_MS_MAX};
use crate::base::names::LogCursor;
use crate::base::{Error, Kind};
use crate::platform::command::{self, Program};
use std::time::Duration;

/// The panel's own units.
const OWN: &[&str] = &["manara.service", "manara-host.service", "manara-recover.service"];

/// Reads the journal. A search that takes too long ends, and says how far it came. Errors: `program_missing`,
/// `journal_unreadable`.
pub(in super::super) fn read(query: &LogQuery) -> Result<LogPage> {
    match &query.start {
        LogStart::After(place) => onward(query, place),
        start => backward(query, start),
    }
}

fn backward(query: &LogQuery, start: &LogStart) -> Result<LogPage> {
    let mut args = arguments(&query.source);
    args.push("--reverse".into());
    match start {
        LogStart::Before(place) => args.push(after(place)?),
        // journalctl takes a beginning or a place, not both.
        _ => args.extend(query.until.map(|until| format!("--until=@{}", until.0.div_euclid(1000) + 1))),
    }
    let (mut newest, mut oldest) = (None, None);
    let mut sieve = Sieve::new(query, LOG_SEARCH_MS_MAX);
    let mut last = Seen::More;
    let ended = run(&args, &mut |line| {
        let Some((entry, place)) = parse::journal(line) else { return true };
        let place = LogCursor::journal(&place);
        newest = newest.take().or_else(|| place.clone());
        last = sieve.offer(entry);
        oldest = place;
        last == Seen::More && !sieve.is_late()
    })?;
    let cut = !ended && last == Seen::More;
    let older = if ended || last == Seen::TooOld { None } else { oldest };
    let newest = if matches!(start, LogStart::Newest) { newest } else { None };
    Ok(sieve.page(older, newest, cut))
}

fn onward(query: &LogQuery, place: &LogCursor) -> Result<LogPage> {
    let mut args = arguments(&query.source);
    args.push(after(place)?);
    let mut page = LogPage { newest: Some(place.clone()), ..LogPage::default() };
    let mut weight = 0;
    let most = usize::try_from(LOG_ENTRIES_MAX).unwrap_or(usize::MAX);
    run(&args, &mut |line| {
        let Some((entry, place)) = parse::journal(line) else { return true };
        if entry.fits(query) {
            weight += entry.weight();
            page.entries.push(entry);
        }
        page.newest = LogCursor::journal(&place).or_else(|| page.newest.take());
        page.entries.len() < most && weight <= LOG_LOOK_BYTES_MAX
    })?;
    Ok(page)
}

fn arguments(source: &LogSource) -> Vec<String> {
    let mut args: Vec<String> = ["--output=json", "--no-pager", "--quiet"].map(str::to_owned).into();
    args.push("--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID,_SYSTEMD_UNIT".into());
    match source {
        LogSource::Unit(unit) => args.push(format!("--unit={unit}")),
        _ => args.extend(OWN.iter().map(|unit| format!("--unit={unit}"))),
    }
    args
}

fn after(place: &LogCursor) -> Result<String> {
    let name = place.in_journal().ok_or_else(super::files::gone)?;
    Ok(format!("--after-cursor={name}"))
}

/// Whether it came to its end; `false` when `each` had enough, or time ran out.
fn run(args: &[String], each: &mut dyn FnMut(&str) -> bool) -> Result<bool> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // A search that finds nothing prints nothing by which it could be stopped.
    let limit = Duration::from_millis(LOG_SEARCH_MS_MAX * 2);
    match command::run(Program::Journalctl, &args, limit, each) {
        Ok(output) if output.ok => Ok(true),
        Ok(output) => Err(Error::new(Kind::External, "journal_unreadable").evidence(output.text)),
        Err(e) if matches!(e.code(), "program_stopped" | "program_timed_out") => Ok(false),
        Err(e) => Err(e),
    }
}
