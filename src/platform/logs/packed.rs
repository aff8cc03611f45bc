//! Old files of a log, which are packed. Such a file can only be read from its beginning, so it is looked through piece by
//! piece from its end, and what stands before a piece is unpacked without being looked at.

use super::LogEntry;
use super::files::{Ended, of_site};
use super::parse::Form;
use super::sieve::{Seen, Sieve};
use crate::base::clock::Time;
use crate::base::limits::{LOG_LINE_BYTES_MAX, LOG_PACKED_BYTES_MAX, LOG_PACKED_LOOK_BYTES, LOG_PIECE_BYTES};
use crate::base::{Error, Result};
use crate::platform::files::unpacked;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

/// A file from `end` or its end back to its beginning, or as far as time allows: at least one piece.
pub(super) fn read(file: &File, form: &Form, end: Option<u64>, sieve: &mut Sieve) -> Result<Ended> {
    let mut end = match end.filter(|end| *end <= LOG_PACKED_BYTES_MAX) {
        Some(end) => end,
        None => skip(&mut open(file, LOG_PACKED_BYTES_MAX)?, LOG_PACKED_BYTES_MAX)?,
    };
    while end > 0 {
        let piece = look(file, form, end, sieve)?;
        for (offset, entry) in piece.kept.entries.into_iter().rev() {
            match sieve.offer(entry) {
                Seen::More => {}
                Seen::Full => return Ok(Ended::Full(offset)),
                Seen::TooOld => return Ok(Ended::TooOld),
            }
        }
        if let Some(oldest) = piece.oldest {
            sieve.reach(oldest);
            if sieve.query().is_past(oldest) {
                return Ok(Ended::TooOld);
            }
        }
        end = piece.begin;
        if end > 0 && sieve.is_late() {
            return Ok(Ended::Late(end));
        }
    }
    Ok(Ended::Begun)
}

/// What was found before some place of a file.
struct Piece {
    kept: Kept,
    /// Where the piece begins.
    begin: u64,
    /// The first time that it tells.
    oldest: Option<Time>,
}

/// The last entries before `end` that fit, as many as there is room for.
fn look(file: &File, form: &Form, end: u64, sieve: &Sieve) -> Result<Piece> {
    let from = end.saturating_sub(LOG_PACKED_LOOK_BYTES);
    let (mut bytes, mut line) = (open(file, end)?, Vec::new());
    let mut at = skip(&mut bytes, from)?;
    if from > 0 {
        // A line that begins before the piece belongs to the one before.
        at += next_line(&mut bytes, &mut line)?;
    }
    // A line without an end is nobody's.
    let begin = if at < end { at } else { from };
    let mut piece = Piece { kept: Kept::new(sieve), begin, oldest: None };
    let query = sieve.query();
    let bounded = query.from.is_some() || query.until.is_some();
    loop {
        let read = next_line(&mut bytes, &mut line)?;
        if read == 0 {
            return Ok(piece);
        }
        if line.pop() == Some(b'\n') && !line.is_empty() {
            // Cheap looks first: of most files nothing is wanted.
            let time = if bounded || piece.oldest.is_none() { form.time(&line) } else { None };
            piece.oldest = piece.oldest.or(time);
            if time.is_none_or(|time| query.spans(time)) && of_site(&line, query) {
                let entry = form.entry(&line);
                if entry.fits(query) {
                    piece.kept.push(at, entry);
                }
            }
        }
        at += read;
    }
}

/// The first `end` bytes of what is packed in `file`.
fn open(file: &File, end: u64) -> Result<impl BufRead> {
    let mut file = file.try_clone().map_err(Error::fault)?;
    file.rewind().map_err(Error::fault)?;
    Ok(BufReader::with_capacity(LOG_PIECE_BYTES, unpacked(file).take(end)))
}

/// Passes over `count` bytes; the answer is how many there were.
fn skip(bytes: &mut impl BufRead, count: u64) -> Result<u64> {
    std::io::copy(&mut bytes.take(count), &mut std::io::sink()).map_err(Error::fault)
}

/// Takes the next line with its end; the answer is how long it was. Of a long one `line` has the beginning.
fn next_line(bytes: &mut impl BufRead, line: &mut Vec<u8>) -> Result<u64> {
    line.clear();
    let most = LOG_LINE_BYTES_MAX as u64;
    let read = bytes.take(most).read_until(b'\n', line).map_err(Error::fault)? as u64;
    if read < most || line.last() == Some(&b'\n') {
        return Ok(read);
    }
    line.push(b'\n');
    Ok(read + bytes.skip_until(b'\n').map_err(Error::fault)? as u64)
}

/// The last entries of a file, with their places: as many as a page has room for.
struct Kept {
    entries: VecDeque<(u64, LogEntry)>,
    bytes: usize,
    room: usize,
    room_bytes: usize,
}

impl Kept {
    fn new(sieve: &Sieve) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, room: sieve.room(), room_bytes: sieve.room_bytes() }
    }

    /// Adds an entry. The first one makes room where the page is full without it.
    fn push(&mut self, at: u64, entry: LogEntry) {
        self.bytes += entry.weight();
        self.entries.push_back((at, entry));
        while let Some((_, first)) = self.entries.front() {
            let weight = first.weight();
            if self.entries.len() <= self.room && self.bytes - weight <= self.room_bytes {
                break;
            }
            self.bytes -= weight;
            self.entries.pop_front();
        }
    }
}
