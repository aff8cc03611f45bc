//! Every bound of the product, with its unit in the name.

/// Largest JSON body of an API call.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Most values in a JSON body: each takes many times the memory of the few bytes it is written in.
pub const JSON_VALUES_MAX: usize = 20_000;
/// Most request headers (hyper's own default is 100).
pub const HEADERS_MAX: usize = 64;
/// Time a client may take to send its request head.
pub const HEAD_READ_S_MAX: u64 = 10;
/// Time a client may take to send a JSON body.
pub const BODY_READ_S_MAX: u64 = 20;
/// Open connections at once, all clients together.
pub const CONNECTIONS_MAX: usize = 1024;
/// Open connections of one address.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 128;
/// Time given to open requests when the panel stops.
pub const DRAIN_S_MAX: u64 = 10;
/// Longest password accepted, so that hashing cost stays bounded.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Shortest password accepted for a new account (NIST SP 800-63B asks for at least 8; 10 without further rules).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest domain name in its ASCII form (RFC 1035 §2.3.4).
pub const DOMAIN_BYTES_MAX: usize = 253;
/// Aliases of one site.
pub const ALIASES_MAX: usize = 100;
/// Changes remembered of each site.
pub const SITE_CHANGES_MAX: i64 = 100;
/// Sites that one change may switch or delete.
pub const SITES_AT_ONCE_MAX: usize = 10_000;
/// Changes of a plan that are shown one by one.
pub const PLAN_CHANGES_SHOWN_MAX: usize = 100;
/// Views of lists that one user may keep.
pub const LIST_VIEWS_PER_USER_MAX: i64 = 50;
/// Rows of one page of a list.
pub const PAGE_ROWS_MAX: u32 = 500;
/// Rows of one page when the caller does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Time a dry run's plan is kept for applying.
pub const PLAN_TTL_S: i64 = 3600;
/// Plans of dry runs that one user may have open.
pub const PLANS_OPEN_EACH_MAX: usize = 100;
/// Plans of dry runs that may be open in all.
pub const PLANS_OPEN_MAX: usize = 1000;
/// Time a change may take before the API answers 202 with its job.
pub const CALL_WAIT_S_MAX: u64 = 30;
/// Jobs waiting at once.
pub const JOBS_QUEUED_MAX: usize = 256;
/// Output kept of one job.
pub const JOB_OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// Heartbeat older than this marks a job's owner as gone.
pub const JOB_HEARTBEAT_S_MAX: i64 = 60;
/// Time between two signs of life of the panel: well within [`JOB_HEARTBEAT_S_MAX`].
pub const HEARTBEAT_S: u64 = 15;
/// Time between two notes of the audit trail's head in the system's journal.
pub const AUDIT_HEAD_S: u64 = 3600;
/// Time between two sweeps of what has run out.
pub const SWEEP_S: u64 = 600;
/// Bytes of an ended plan are kept this long.
pub const PLAN_BODY_S_MAX: i64 = 30 * 24 * 3600;
/// Ended jobs are kept this long.
pub const JOB_S_MAX: i64 = 90 * 24 * 3600;
/// Time `nginx -t` may take (10 000 sites take 1 s).
pub const NGINX_TEST_S_MAX: u64 = 60;
/// A log of nginx that is larger is rotated.
pub const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A log of nginx that was begun longer ago is rotated.
pub const LOG_S_MAX: i64 = 24 * 3600;
/// Rotated files that are kept of one log.
pub const LOG_FILES_MAX: u32 = 14;
/// Entries of a log in one answer.
pub const LOG_ENTRIES_MAX: u32 = 1000;
/// Bytes of memory after which an answer of a log is full, however few its entries are. Its JSON is at most six times as
/// long, and fits into [`HOST_ANSWER_BYTES_MAX`].
pub const LOG_PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries of a log in one answer when the caller does not say.
pub const LOG_ENTRIES_DEFAULT: u32 = 200;
/// Time for which a log is searched before the answer says how far it came.
pub const LOG_SEARCH_MS_MAX: u64 = 3000;
/// Bytes of a log that are read at once.
pub const LOG_PIECE_BYTES: usize = 256 * 1024;
/// Longest line of a log; of a longer one only the beginning counts.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;
/// New bytes of a log that are read by one look of a follower.
pub const LOG_NEWS_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of memory after which one look of a follower has enough: less than wait for a reader, so that nobody is dropped
/// for what one look found.
pub const LOG_LOOK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of memory after which an event of a follower is full.
pub const LOG_EVENT_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an old, compressed file of a log that are looked through.
pub const LOG_PACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Bytes of it that are looked through before time is asked for: about a second's work, and as much as the files have that
/// the panel rotates.
pub const LOG_PACKED_LOOK_BYTES: u64 = LOG_BYTES_MAX;
/// Longest text that is looked for in a log: 200 characters.
pub const LOG_TEXT_BYTES_MAX: usize = 800;
/// Entries of a downloaded log.
pub const LOG_EXPORT_ENTRIES_MAX: usize = 50_000;
/// Size of a downloaded log.
pub const LOG_EXPORT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Time nginx may take to open its logs anew.
pub const LOG_REOPEN_S_MAX: u64 = 5;
/// Time the new generation may take to answer after a reload.
pub const NGINX_RELOAD_S_MAX: u64 = 30;
/// Output kept of a failing component.
pub const EVIDENCE_BYTES_MAX: usize = 16 * 1024;
/// Time within which a guarded change has to be confirmed.
pub const GUARD_S: i64 = 60;
/// Pause between two looks at the clock while a guarded change is pending.
pub const GUARD_LOOK_MS: u64 = 200;
/// Life of a claim link.
pub const CLAIM_S_MAX: i64 = 3600;
/// Session life without use.
pub const SESSION_IDLE_S_MAX: i64 = 12 * 3600;
/// Session life in all.
pub const SESSION_S_MAX: i64 = 7 * 24 * 3600;
/// Failed sign-ins per account and per address within [`SIGN_IN_WINDOW_S`].
pub const SIGN_IN_FAILURES_MAX: u32 = 5;
/// Window in which failed sign-ins are counted.
pub const SIGN_IN_WINDOW_S: i64 = 300;
/// Password hashes computed at once at the most.
pub const HASHES_AT_ONCE_MAX: usize = 2;
/// Password hashes waiting to be computed; whoever comes then is turned away at once.
pub const HASHES_WAITING_MAX: usize = 64;
/// Sessions of one user; the least recently used one makes room for a new one.
pub const SESSIONS_PER_USER_MAX: usize = 20;
/// Tokens of one user, and of the console.
pub const TOKENS_PER_USER_MAX: usize = 100;
/// Use of a session or a token is noted once in this time.
pub const TOUCH_S: i64 = 60;
/// Wrong tries after which a claim token is worth nothing.
pub const CLAIM_FAILURES_MAX: u32 = 20;
/// Refusals for lack of permission are recorded up to the two numbers below within this time.
pub const REFUSALS_S: i64 = 3600;
/// Of one caller.
pub const REFUSALS_PER_CALLER_MAX: u32 = 30;
/// Of all callers together: at about 500 bytes an entry, 150 KiB an hour.
pub const REFUSALS_MAX: u32 = 300;
/// Idempotency keys are remembered this long.
pub const IDEMPOTENCY_S_MAX: i64 = 24 * 3600;
/// Longest idempotency key.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;
/// Live event streams at once.
pub const STREAMS_MAX: usize = 64;
/// A request slower than this is logged as slow.
pub const SLOW_REQUEST_MS: u128 = 500;
/// Largest managed file that is read for a diff.
pub const MANAGED_FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest state file for `plan` and `apply`.
pub const STATE_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Largest journal file of one plan: the before-images of all its files.
pub const JOURNAL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Files made durable one by one; above this the whole file system is, once.
pub const SYNC_EACH_MAX: usize = 64;
/// Largest JSON body of a call that anybody may make without being signed in.
pub const OPEN_BODY_BYTES_MAX: usize = 16 * 1024;
/// Largest request head: request line and headers.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Longest path with its query string.
pub const URI_BYTES_MAX: usize = 8 * 1024;
/// Requests under way on one HTTP/2 connection.
pub const REQUESTS_PER_CONNECTION_MAX: u32 = 64;
/// Time a connection may be open without a request.
pub const IDLE_CONNECTION_S_MAX: u64 = 60;
/// Time a client may take nothing of an answer.
pub const WRITE_S_MAX: u64 = 30;
/// Time a connection that we end goes on taking what the client still sends, so that it sees our answer.
pub const LINGER_S_MAX: u64 = 2;
/// Pause of the accept loop when the system has no descriptor left.
pub const ACCEPT_PAUSE_MS: u64 = 100;
/// Time between two comments on an event stream, which keep it open and end it when its session has ended.
pub const STREAM_HEARTBEAT_S: u64 = 15;
/// Time between two looks at the files of the panel's certificate.
pub const CERTIFICATE_LOOK_S: u64 = 10;
/// Time before the end of the panel's certificate from which on `doctor` warns.
pub const CERTIFICATE_WARN_S: i64 = 14 * 24 * 3600;
/// Events that wait for a slow reader of a stream; one more and it is dropped.
pub const STREAM_EVENTS_QUEUED_MAX: usize = 256;
/// Bytes of events that wait for a slow reader of a stream; with more it is dropped.
pub const STREAM_BYTES_QUEUED_MAX: usize = 4 * 1024 * 1024;
/// Reading calls carried out at once; the store has as many reading connections.
pub const READS_AT_ONCE_MAX: usize = 4;
/// Reading calls that wait for their turn.
pub const READS_WAITING_MAX: usize = 4096;
/// Changing calls carried out at once; most of them wait for their job.
pub const CHANGES_AT_ONCE_MAX: usize = 64;
/// Sign-ins and claims carried out at once; most of them wait for a hash.
pub const SIGN_INS_AT_ONCE_MAX: usize = 8;
/// Downloads sent at once.
pub const DOWNLOADS_AT_ONCE_MAX: usize = 4;
/// Time a call waits for its turn.
pub const TURN_S_MAX: u64 = 15;
/// Threads that read requests and write answers.
pub const HTTP_THREADS: usize = 2;
/// Longest `User-Agent` that is kept.
pub const AGENT_BYTES_MAX: usize = 200;
/// Time for which a readiness report is given again instead of asking anew.
pub const READY_KEPT_MS: u64 = 1000;
/// Less free space for the data than this and the panel does not call itself ready.
pub const DISK_FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;
/// Largest host operation: the files of 5000 sites take about 10 MiB as JSON.
pub const HOST_BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bodies of host operations in memory at once, all together. Read into typed values they take up to eight times as much.
pub const HOST_BODIES_BYTES_MAX: usize = HOST_BODY_BYTES_MAX;
/// Largest request head on the host socket.
pub const HOST_HEAD_BYTES_MAX: usize = 8 * 1024;
/// Open connections on the host socket; more wait in the kernel's queue.
pub const HOST_CONNECTIONS_MAX: usize = 64;
/// Host operations carried out at once; most of them wait for each other.
pub const HOST_OPS_AT_ONCE_MAX: usize = 16;
/// Long host operations (installing a component) carried out at once.
pub const HOST_STREAMS_AT_ONCE_MAX: usize = 4;
/// Time a host operation waits for its turn.
pub const HOST_TURN_S_MAX: u64 = 120;
/// Time the panel waits for the host's answer: turn, test and reload together take less.
pub const HOST_ANSWER_S_MAX: u64 = 300;
/// Time for which the panel tries to reach a host that is being started again.
pub const HOST_CONNECT_MS_MAX: u64 = 2000;
/// How often the panel asks for the same long operation again whose host ended meanwhile.
pub const HOST_REATTACH_MAX: u32 = 5;
/// Largest step of nginx's generation that the host takes. What was lost by changes that failed is far less, and a panel that
/// somebody took over does not reach the end of the numbers with such steps.
pub const GENERATION_STEP_MAX: u64 = 1_000_000;
/// Lines of a long operation that wait for a slow reader.
pub const HOST_LINES_QUEUED_MAX: usize = 256;
/// Largest answer or frame of the host: the list of 10 000 files takes about 2 MiB.
pub const HOST_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Time given to operations under way when the host stops: less than its unit gives it.
pub const HOST_STOP_S_MAX: u64 = 50;
