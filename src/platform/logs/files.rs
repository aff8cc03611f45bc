//! nginx's logs: the file that is written, `x.log.1`, and the older, packed ones. Read backwards in pieces, so that the
//! end of a large log costs as much as that of a small one.

use super::packed;
use super::parse::Form;
use super::sieve::{Seen, Sieve, in_order};
use super::{LogPage, LogQuery, LogSource, LogStart};
use crate::base::limits::{
    LOG_FILES_MAX, LOG_LINE_BYTES_MAX, LOG_LOOK_BYTES_MAX, LOG_NEWS_BYTES_MAX, LOG_PIECE_BYTES, LOG_SEARCH_MS_MAX,
};
use crate::base::names::LogCursor;
use crate::base::{Error, Kind, Result};
use crate::platform::files::RootDir;
use jiff::tz::TimeZone;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// A file of a log.
struct Part {
    inode: u64,
    bytes: u64,
    file: File,
    packed: bool,
}

/// How the reading of a file ended, with the place in it.
pub(super) enum Ended {
    Begun,
    Full(u64),
    Late(u64),
    TooOld,
}

/// Reads the log in `logs` that `query` names. Error: `log_place_gone` when the file of its place was packed meanwhile.
pub(in super::super) fn read(logs: &RootDir, query: &LogQuery) -> Result<LogPage> {
    read_within(logs, query, LOG_SEARCH_MS_MAX)
}

/// Reads for about `ms` milliseconds.
pub(super) fn read_within(logs: &RootDir, query: &LogQuery, ms: u64) -> Result<LogPage> {
    let (name, form) = match query.source {
        LogSource::Access => ("manara.log", Form::Access),
        _ => ("error.log", Form::Error(zone())),
    };
    let parts = parts(logs, name)?;
    match &query.start {
        LogStart::After(place) => onward(parts, query, &form, place),
        LogStart::Newest => backward(parts, Sieve::new(query, ms), &form, None),
        LogStart::Before(place) => {
            backward(parts, Sieve::new(query, ms), &form, Some(place.in_file().ok_or_else(gone)?))
        }
    }
}

/// The error for a place that is not there any more.
pub(super) fn gone() -> Error {
    Error::new(Kind::Stale, "log_place_gone")
}

/// nginx writes the machine's own time.
fn zone() -> TimeZone {
    let rules = std::fs::read(Path::new("/etc/localtime")).ok();
    rules.and_then(|rules| TimeZone::tzif("local", &rules).ok()).unwrap_or(TimeZone::UTC)
}

/// The files of a log, the newest first.
fn parts(logs: &RootDir, name: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for n in 0..=LOG_FILES_MAX {
        let rel = match n {
            0 => name.to_owned(),
            1 => format!("{name}.1"),
            _ => format!("{name}.{n}.gz"),
        };
        if let Some(file) = logs.open_to_read(&rel)? {
            let meta = file.metadata().map_err(Error::fault)?;
            parts.push(Part { inode: meta.ino(), bytes: meta.len(), file, packed: n > 1 });
        }
    }
    Ok(parts)
}

fn backward(parts: Vec<Part>, mut sieve: Sieve, form: &Form, place: Option<(u64, u64)>) -> Result<LogPage> {
    let newest = match place {
        None => parts.first().map(newest_place).transpose()?,
        Some(_) => None,
    };
    let first = match place {
        None => 0,
        Some((inode, _)) => parts.iter().position(|part| part.inode == inode).ok_or_else(gone)?,
    };
    let mut end = place.map(|(_, offset)| offset);
    for (nth, part) in parts.into_iter().skip(first).enumerate() {
        let inode = part.inode;
        let at = |offset| Some(LogCursor::file(inode, offset));
        let ended = match (part.packed, end.take()) {
            // The first one of a look is read whatever the time, so that every look gets somewhere.
            (true, None) if nth > 0 && sieve.is_late() => Ended::Late(u64::MAX),
            (true, end) => packed::read(&part.file, form, end, &mut sieve)?,
            (false, end) => plain(&part, form, end, &mut sieve)?,
        };
        match ended {
            Ended::Begun => {}
            Ended::Full(offset) => return Ok(sieve.page(at(offset), newest, false)),
            Ended::Late(offset) => return Ok(sieve.page(at(offset), newest, true)),
            Ended::TooOld => return Ok(sieve.page(None, newest, false)),
        }
    }
    Ok(sieve.page(None, newest, false))
}

/// Behind the last whole line.
fn newest_place(part: &Part) -> Result<LogCursor> {
    let from = part.bytes.saturating_sub(LOG_LINE_BYTES_MAX as u64);
    let piece = piece(&part.file, from, part.bytes)?;
    let end = piece.iter().rposition(|b| *b == b'\n').map_or(from, |at| from + at as u64 + 1);
    Ok(LogCursor::file(part.inode, end))
}

fn piece(file: &File, from: u64, to: u64) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).map_err(Error::fault)?];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], from + filled as u64).map_err(Error::fault)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// A file as it is written, from `end` or its end back to its beginning.
fn plain(part: &Part, form: &Form, end: Option<u64>, sieve: &mut Sieve) -> Result<Ended> {
    let mut end = end.unwrap_or(part.bytes).min(part.bytes);
    if let Some(until) = sieve.query().until {
        end = before(part, form, end, until.plus_s(LogQuery::DISORDER_S))?;
    }
    // The end of a line whose beginning is in the piece before.
    let mut rest: Vec<u8> = Vec::new();
    let mut whole = false;
    while end > 0 {
        let from = end.saturating_sub(LOG_PIECE_BYTES as u64);
        let mut bytes = piece(&part.file, from, end)?;
        bytes.append(&mut rest);
        if !whole {
            // What stands behind the last line end is being written.
            bytes.truncate(bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
            whole = !bytes.is_empty();
        }
        let mut stop = bytes.len();
        while stop > 0 {
            let begin = bytes[..stop - 1].iter().rposition(|b| *b == b'\n').map(|at| at + 1);
            let Some(begin) = begin.or((from == 0).then_some(0)) else { break };
            let seen = offer(&bytes[begin..stop - 1], form, sieve);
            stop = begin;
            match seen {
                Seen::More => {}
                Seen::Full => return Ok(Ended::Full(from + begin as u64)),
                Seen::TooOld => return Ok(Ended::TooOld),
            }
        }
        bytes.truncate(stop);
        // Of a line without an end the last part is let go, not all kept.
        if bytes.len() > LOG_LINE_BYTES_MAX {
            bytes = vec![b'\n'];
        }
        rest = bytes;
        end = from;
        if end > 0 && sieve.is_late() {
            return Ok(Ended::Late(from + rest.len() as u64));
        }
    }
    Ok(Ended::Begun)
}

fn offer(line: &[u8], form: &Form, sieve: &mut Sieve) -> Seen {
    let line = &line[..line.len().min(LOG_LINE_BYTES_MAX)];
    if line.is_empty() || !of_site(line, sieve.query()) { Seen::More } else { sieve.offer(form.entry(line)) }
}

/// Whether a request is to the site that is looked for: told from its bytes, since most lines are of other sites.
pub(super) fn of_site(line: &[u8], query: &LogQuery) -> bool {
    let Some(site) = &query.site else { return true };
    let field = format!("\"site\":\"{site}\"");
    line.windows(field.len()).any(|part| part == field.as_bytes())
}

/// Where in the first `end` bytes lines later than `until` begin, about: at the beginning of a line.
fn before(part: &Part, form: &Form, end: u64, until: crate::base::clock::Time) -> Result<u64> {
    let (mut low, mut high) = (0, end);
    while high - low > LOG_PIECE_BYTES as u64 {
        let middle = low + (high - low) / 2;
        let bytes = piece(&part.file, middle, (middle + LOG_LINE_BYTES_MAX as u64).min(high))?;
        let time = bytes.split(|b| *b == b'\n').skip(1).find_map(|line| form.time(line));
        match time {
            Some(time) if time > until => high = middle,
            _ => low = middle,
        }
    }
    if high == end {
        return Ok(end);
    }
    let bytes = piece(&part.file, high, (high + LOG_LINE_BYTES_MAX as u64).min(end))?;
    Ok(bytes.iter().position(|b| *b == b'\n').map_or(end, |at| high + at as u64 + 1))
}

/// What was written since `place`; the rest of a file that was renamed meanwhile comes first.
fn onward(parts: Vec<Part>, query: &LogQuery, form: &Form, place: &LogCursor) -> Result<LogPage> {
    let (inode, offset) = place.in_file().ok_or_else(gone)?;
    let written: Vec<Part> = parts.into_iter().filter(|part| !part.packed).collect();
    let mut page = LogPage { newest: Some(place.clone()), ..LogPage::default() };
    let found = written.iter().position(|part| part.inode == inode);
    let mut weight = 0;
    let mut from = if found.is_some() { offset } else { 0 };
    for part in written.iter().take(found.map_or(1, |at| at + 1)).rev() {
        let bytes = piece(&part.file, from, part.bytes.min(from + LOG_NEWS_BYTES_MAX))?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        // What is longer than one look and has no line end is nobody's line.
        let mut read = if whole == 0 && bytes.len() as u64 == LOG_NEWS_BYTES_MAX { bytes.len() } else { 0 } as u64;
        for line in bytes[..whole].split_inclusive(|b| *b == b'\n') {
            if weight > LOG_LOOK_BYTES_MAX {
                break;
            }
            read += line.len() as u64;
            let line = &line[..line.len() - 1];
            if line.is_empty() || !of_site(line, query) {
                continue;
            }
            let entry = form.entry(line);
            if entry.fits(query) {
                weight += entry.weight();
                page.entries.push(entry);
            }
        }
        page.newest = Some(LogCursor::file(part.inode, from + read));
        if from + read < part.bytes {
            break;
        }
        from = 0;
    }
    in_order(&mut page.entries);
    Ok(page)
}
