//! Logs as files, with what hostile or half-written lines are in them.

use super::*;
use crate::base::limits::{LOG_LOOK_BYTES_MAX, LOG_PACKED_LOOK_BYTES, LOG_PAGE_BYTES_MAX};
use crate::platform::files::RootDir;
use std::io::{Read, Write};

const SITE: &str = "s0123456789";

fn query(source: LogSource, start: LogStart, limit: u32) -> LogQuery {
    LogQuery { source, start, site: None, text: None, level: None, from: None, until: None, limit }
}

fn line(second: i64, site: &str, status: u16) -> String {
    format!(
        "{{\"time\":\"{}.250\",\"site\":\"{site}\",\"client\":\"192.0.2.1\",\"host\":\"a.test\",\"method\":\"GET\",\
         \"uri\":\"/{second}?token=abcdef\",\"status\":\"{status}\",\"referrer\":\"-\",\"upstream_seconds\":\"\"}}\n",
        1_700_000_000 + second
    )
}

struct Folder {
    _dir: tempfile::TempDir,
    logs: RootDir,
}

fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    Folder { logs: RootDir::open_or_make(dir.path()).unwrap(), _dir: dir }
}

impl Folder {
    fn append(&self, name: &str, text: &str) {
        let path = self.logs.path(name);
        let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn pack(&self, n: u32) {
        self.logs.compress("manara.log.1", &format!("manara.log.{n}.gz")).unwrap();
        self.logs.remove("manara.log.1").unwrap();
    }

    fn read(&self, query: &LogQuery) -> LogPage {
        read_file(&self.logs, query).unwrap()
    }

    /// Every entry that `query` finds, page by page.
    fn all(&self, mut query: LogQuery) -> Vec<LogEntry> {
        let mut found = Vec::new();
        for _ in 0..10_000 {
            let page = self.read(&query);
            found.extend(page.entries);
            let Some(older) = page.older else { return found };
            query.start = LogStart::Before(older);
        }
        panic!("it has no end");
    }
}

fn seconds(entries: &[LogEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.at.unwrap().0 / 1000 - 1_700_000_000).collect()
}

#[test]
fn a_log_is_read_backwards_through_all_its_files() {
    let folder = folder();
    for second in 0..100 {
        folder.append("manara.log.1", &line(second, SITE, 200));
    }
    folder.pack(2);
    for second in 100..200 {
        folder.append("manara.log.1", &line(second, SITE, 200));
    }
    for second in 200..250 {
        folder.append("manara.log", &line(second, if second % 2 == 0 { SITE } else { "s9876543210" }, 200));
    }
    folder.append("manara.log", "{\"time\":\"17000"); // being written
    for limit in [1, 7, 100, 1000] {
        let found = folder.all(query(LogSource::Access, LogStart::Newest, limit));
        assert_eq!(seconds(&found), (0..250).rev().collect::<Vec<_>>(), "{limit}");
    }
    let of_site = LogQuery { site: Some(SITE.parse().unwrap()), ..query(LogSource::Access, LogStart::Newest, 30) };
    assert_eq!(folder.all(of_site).len(), 225);
    let span = LogQuery {
        from: Some(Time(1_700_000_090_000)),
        until: Some(Time(1_700_000_110_999)),
        ..query(LogSource::Access, LogStart::Newest, 5)
    };
    assert_eq!(seconds(&folder.all(span)), (90..=110).rev().collect::<Vec<_>>());
}

#[test]
fn a_page_of_long_lines_ends_early_and_the_next_goes_on() {
    let folder = folder();
    let text: Vec<u8> =
        (0..500_u32).flat_map(|n| [format!("{n:03}").as_bytes(), &[0xff; 24_000], b"\n"].concat()).collect();
    for packed in [false, true] {
        std::fs::write(folder.logs.path("manara.log.1"), &text).unwrap();
        if packed {
            folder.pack(2);
        }
        let mut query = query(LogSource::Access, LogStart::Newest, 1000);
        let mut numbers = Vec::new();
        loop {
            let page = folder.read(&query);
            assert!(page.entries.iter().map(LogEntry::weight).sum::<usize>() < LOG_PAGE_BYTES_MAX + (1 << 20));
            numbers.extend(page.entries.iter().map(|entry| entry.message[..3].parse::<u32>().unwrap()));
            let Some(older) = page.older else { break };
            query.start = LogStart::Before(older);
        }
        assert!(numbers.into_iter().eq((0..500).rev()), "packed: {packed}");
    }
}

fn packer(folder: &Folder) -> flate2::write::GzEncoder<std::fs::File> {
    let file = std::fs::File::create(folder.logs.path("manara.log.2.gz")).unwrap();
    flate2::write::GzEncoder::new(file, flate2::Compression::fast())
}

#[test]
fn a_large_packed_file_is_searched_a_piece_at_a_time() {
    let folder = folder();
    let mut packer = packer(&folder);
    // Between the lines, much that is quickly unpacked and passed over.
    let filler = [vec![b'x'; 4 << 20], vec![b'\n']].concat();
    let last = (LOG_PACKED_LOOK_BYTES as usize * 5 / 2 / filler.len()) as i64;
    for second in 0..=last {
        packer.write_all(line(second, SITE, 200).as_bytes()).unwrap();
        packer.write_all(&filler).unwrap();
    }
    packer.finish().unwrap();
    folder.append("manara.log", &line(last + 1, SITE, 200));
    let mut query = LogQuery { text: Some("/0?".into()), ..query(LogSource::Access, LogStart::Newest, 10) };
    let (mut places, mut reached, mut found) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        // Where there is no time at all each look still gets somewhere.
        let page = files::read_within(&folder.logs, &query, 0).unwrap();
        found.extend(page.entries);
        let Some(older) = page.older else { break };
        reached.push(page.searched_to.unwrap());
        places.push(older.in_file().unwrap().1);
        query.start = LogStart::Before(older);
    }
    assert_eq!(seconds(&found), [0]);
    // First the file that is written; then three pieces, of which the last ends the search.
    assert!(places.len() == 3 && places[0] == u64::MAX, "{places:?}");
    assert!(places[1] - places[2] <= LOG_PACKED_LOOK_BYTES, "{places:?}");
    assert!(reached.is_sorted_by(|later, earlier| later > earlier), "{reached:?}");
}

#[test]
fn a_line_larger_than_a_piece_stops_no_search() {
    let folder = folder();
    let mut packer = packer(&folder);
    packer.write_all(line(1, SITE, 200).as_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(b'x').take(LOG_PACKED_LOOK_BYTES * 3 / 2), &mut packer).unwrap();
    packer.write_all(format!("\n{}", line(2, SITE, 200)).as_bytes()).unwrap();
    packer.finish().unwrap();
    let found = folder.all(query(LogSource::Access, LogStart::Newest, 10));
    let known: Vec<_> = found.iter().map(|entry| entry.at.is_some()).collect();
    assert_eq!(known, [true, false, true]);
}

#[test]
fn files_older_than_what_is_looked_for_are_not_read() {
    let folder = folder();
    folder.append("manara.log.3.gz", "whoever unpacks this fails");
    folder.append("manara.log.1", &line(10, "s9876543210", 200));
    folder.pack(2);
    folder.append("manara.log", &line(100, SITE, 200));
    let from = |second: i64| LogQuery {
        from: Some(Time(1_700_000_000_000 + second * 1000)),
        site: Some(SITE.parse().unwrap()),
        ..query(LogSource::Access, LogStart::Newest, 10)
    };
    let page = folder.read(&from(90));
    assert_eq!((seconds(&page.entries), page.older), (vec![100], None));
    assert!(read_file(&folder.logs, &from(12)).is_err(), "a line of that time may stand before one of second 10");
}

#[test]
fn a_moment_is_found_in_a_large_file_without_reading_it() {
    let folder = folder();
    let text: String = (0..20_000).map(|second| line(second, SITE, 200)).collect();
    folder.append("manara.log", &text);
    let until = Some(Time(1_700_000_000_000 + 5_000 * 1000 + 999));
    let page = folder.read(&LogQuery { until, ..query(LogSource::Access, LogStart::Newest, 3) });
    assert_eq!(seconds(&page.entries), [5000, 4999, 4998]);
}

#[test]
fn fields_are_readable_and_secrets_are_not() {
    let folder = folder();
    folder.append("manara.log", &line(1, SITE, 502));
    folder.append("manara.log", &line(2, SITE, 404));
    let entries = folder.read(&query(LogSource::Access, LogStart::Newest, 10)).entries;
    assert_eq!(entries[0].level, Some(Level::Warning));
    assert_eq!(entries[1].level, Some(Level::Error));
    assert_eq!(entries[1].message, "502 GET a.test/1?token=***");
    assert_eq!(entries[1].fields["uri"], "/1?token=***");
    assert_eq!(entries[1].fields["status"], "502");
    assert!(!entries[1].fields.contains_key("referrer") && !entries[1].fields.contains_key("upstream_seconds"));
    let found = |text: &str, level| {
        let query = LogQuery { text: Some(text.into()), level, ..query(LogSource::Access, LogStart::Newest, 10) };
        folder.read(&query).entries.len()
    };
    assert_eq!((found("A.TEST/1", None), found("", Some(Level::Error)), found("abcdef", None)), (1, 1, 0));
}

#[test]
fn what_is_written_later_is_read_on_also_over_a_rotation() {
    let folder = folder();
    folder.append("manara.log", &line(1, SITE, 200));
    let start = folder.read(&query(LogSource::Access, LogStart::Newest, 10)).newest.unwrap();
    let on = |place: LogCursor| folder.read(&query(LogSource::Access, LogStart::After(place), 10));
    assert!(on(start.clone()).entries.is_empty());
    let (begin, end) = (line(2, SITE, 200), line(3, SITE, 200));
    folder.append("manara.log", &format!("{begin}{}", &end[..20]));
    let page = on(start);
    assert_eq!(seconds(&page.entries), [2], "half a line is none");
    folder.append("manara.log", &end[20..]);
    folder.logs.rename("manara.log", "manara.log.1").unwrap();
    folder.append("manara.log", &line(4, SITE, 200));
    let page = on(page.newest.unwrap());
    assert_eq!(seconds(&page.entries), [3, 4]);
    assert!(on(page.newest.unwrap()).entries.is_empty());
}

#[test]
fn one_look_at_what_is_new_finds_no_more_than_a_reader_may_leave_waiting() {
    let folder = folder();
    folder.append("manara.log", &line(1, SITE, 200));
    let mut start = folder.read(&query(LogSource::Access, LogStart::Newest, 10)).newest.unwrap();
    let text: Vec<u8> =
        (0..100_u32).flat_map(|n| [format!("{n:03}").as_bytes(), &[0xff; 16_000], b"\n"].concat()).collect();
    std::fs::File::options().append(true).open(folder.logs.path("manara.log")).unwrap().write_all(&text).unwrap();
    let mut numbers = Vec::new();
    loop {
        let page = folder.read(&query(LogSource::Access, LogStart::After(start), 10));
        if page.entries.is_empty() {
            break;
        }
        assert!(page.entries.iter().map(LogEntry::weight).sum::<usize>() < LOG_LOOK_BYTES_MAX + (1 << 16));
        numbers.extend(page.entries.iter().map(|entry| entry.message[..3].parse::<u32>().unwrap()));
        start = page.newest.unwrap();
    }
    assert!(numbers.into_iter().eq(0..100));
}

#[test]
fn a_place_in_a_file_that_was_packed_is_said_to_be_gone() {
    let folder = folder();
    folder.append("manara.log.1", &line(1, SITE, 200).repeat(3));
    let page = folder.read(&query(LogSource::Access, LogStart::Newest, 1));
    folder.pack(2);
    let again = query(LogSource::Access, LogStart::Before(page.older.unwrap()), 1);
    assert_eq!(read_file(&folder.logs, &again).unwrap_err().code(), "log_place_gone");
}

#[test]
fn lines_without_form_or_end_do_no_harm() {
    let folder = folder();
    folder.append("manara.log", "\u{1b}[2J not json\n\n\n");
    std::fs::File::options().append(true).open(folder.logs.path("manara.log")).unwrap().set_len(3 << 20).unwrap();
    folder.append("manara.log", "\n");
    folder.append("manara.log", &line(5, SITE, 200));
    let found = folder.all(query(LogSource::Access, LogStart::Newest, 10));
    assert_eq!(found[0].at, Some(Time(1_700_000_005_250)));
    assert_eq!(found.last().unwrap().message, "\u{1b}[2J not json");
    assert!(found.iter().all(|entry| entry.message.len() <= 16 * 1024));
}

#[test]
fn nginx_s_errors_have_their_level_and_time() {
    let folder = folder();
    folder.append(
        "error.log",
        "2026/11/21 13:00:00 [error] 123#123: *1 open() \"/x\" failed, request: \"GET /?password=hunter2 HTTP/1.1\"\n\
         2026/11/21 13:00:01 [warn] 9#9: something\nwithout a head\n",
    );
    let entries = folder.read(&query(LogSource::Error, LogStart::Newest, 10)).entries;
    let told: Vec<_> = entries.iter().map(|e| (e.level, e.message.as_str())).collect();
    assert_eq!(told[0], (None, "without a head"));
    assert_eq!(told[1], (Some(Level::Warning), "something"));
    assert_eq!(told[2].0, Some(Level::Error));
    assert!(told[2].1.ends_with("GET /?password=*** HTTP/1.1\""), "{}", told[2].1);
    assert_eq!(entries[2].fields["pid"], "123");
    assert_eq!(entries[1].at.unwrap().0 - entries[2].at.unwrap().0, 1000);
}

#[test]
fn the_journal_s_entries_are_read_with_those_of_the_panel() {
    let own = r#"{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"target\":\"manara::x\",\"message\":\"odd\",\"ms\":12,\"token\":\"t1\"}"#;
    let json = format!(
        "{{\"__CURSOR\":\"s=1;i=2;t=3\",\"__REALTIME_TIMESTAMP\":\"1700000000123456\",\"PRIORITY\":\"6\",\
         \"_SYSTEMD_UNIT\":\"manara.service\",\"_PID\":\"7\",\"MESSAGE\":\"{own}\"}}"
    );
    let (entry, place) = parse::journal(&json).unwrap();
    assert_eq!(
        (entry.at, entry.level, entry.message.as_str()),
        (Some(Time(1_700_000_000_123)), Some(Level::Warning), "odd")
    );
    assert_eq!((entry.fields["ms"].as_str(), entry.fields["token"].as_str()), ("12", "***"));
    assert_eq!(LogCursor::journal(&place).unwrap().in_journal(), Some("s=1;i=2;t=3"));
    let bytes =
        r#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1700000000123456","PRIORITY":"3","MESSAGE":[104,105,255]}"#;
    let (entry, _) = parse::journal(bytes).unwrap();
    assert_eq!((entry.level, entry.message.as_str()), (Some(Level::Error), "hi\u{fffd}"));
    assert!(parse::journal("-- No entries --").is_none());
}

#[test]
fn the_panel_s_lines_say_which_token_asked() {
    let actor = |target: &str, actor: &str| {
        let line = format!(
            r#"{{"time":"2026-01-01T00:00:00.000Z","level":"info","target":"{target}","message":"request","actor":"{actor}","token":"mt_1"}}"#
        );
        let mut fields = LogEntry::of_own(&line).unwrap().fields;
        assert_eq!(fields["token"], "***");
        fields.remove("actor").unwrap()
    };
    assert_eq!(actor("manara::access", "token:nightly build"), "token:nightly build");
    assert_eq!(actor("manara::host", "sara"), "sara");
    assert_eq!(actor("manara::access", "token:a token=abc"), "token:a token=***");
    assert_eq!(actor("other::access", "token:abc"), "token:***");
}

#[test]
fn secrets_are_found_by_their_names_and_schemes() {
    for (text, safe) in [
        ("GET /?a=1&token=abc&b=2", "GET /?a=1&token=***&b=2"),
        ("{\"password\": \"x y\"}", "{\"password\": \"*** y\"}"),
        ("Authorization: Bearer abc.def.ghi, next", "Authorization: ***, next"),
        ("sent bearer abcdefghijkl.mno", "sent bearer ***"),
        ("basic rules apply", "basic rules apply"),
        ("/cb?code=4/abc&state=xyz", "/cb?code=***&state=***"),
        ("status code=404", "status code=404"),
        ("العربية token=سر نهاية", "العربية token=*** نهاية"),
        ("token: abc", "token: ***"),
        ("by token:abc", "by token:***"),
        ("{\"token\":\"abc\",\"actor\":\"omar\"}", "{\"token\":\"***\",\"actor\":\"omar\"}"),
        ("X-Api-Key: 12345", "X-Api-Key: ***"),
        ("“password=hunter2”", "“password=***"),
        ("→token=abc", "→token=***"),
        ("\u{a0}token=abc", "\u{a0}token=***"),
        ("الرمزtoken=abc", "الرمزtoken=***"),
        ("token=", "token="),
        ("=:=", "=:="),
    ] {
        assert_eq!(redact(text), safe);
    }
}

#[test]
fn a_place_is_only_what_the_panel_could_have_given_out() {
    for bad in ["", "f", "f1", "f1-", "f-1", "j", "j--x y", "js=1\n", "m", "mx", "x1-1", "j--file=/etc/x"] {
        assert!(bad.parse::<LogCursor>().is_err(), "{bad}");
    }
    for good in ["f1-2", "js=6f;i=1a;b=0;m=1;t=2;x=3", "m12"] {
        assert!(good.parse::<LogCursor>().is_ok(), "{good}");
    }
}
