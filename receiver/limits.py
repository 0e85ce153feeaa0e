"""Every bound of the program, once, with its reason."""

from typing import Final

KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30

# --- one batch ---
LINE_BYTES_MAX: Final = 16 * MIB
"""A longer line is a finding and is skipped: no field is near it, and memory is bounded."""

LONG_LINE_BYTES: Final = 512 * KIB
"""A longer line is looked at by itself, long values undecoded: they cost many times their text."""

LONG_LINE_VALUES_MAX: Final = 100_000
"""A long line with more commas and colons than this is not looked into, for the same reason."""

PLAIN_BYTES_MAX: Final = 16 * GIB
"""A batch that inflates to more is given up: Logpush's own cap is 1 GB, so this is a bomb."""

INFLATE_INPUT_BYTES: Final = 64 * KIB
"""Gzip is inflated in slices of this: isal copies the unconsumed rest, larger ones cost time."""

INFLATE_OUTPUT_BYTES: Final = 128 * KIB
"""Plain text comes in blocks of this: msgspec slows down with the number of live records."""

REPEAT_RECORDS_MAX: Final = 2_000_000
"""Repeats are looked for among so many records, 8 bytes each; Logpush sends 1,000,000 at most."""

EXAMPLES_MAX: Final = 3
"""A finding keeps so many lines: enough to look at, and a report stays readable."""

GOT_CHARS_MAX: Final = 80
"""A quoted value is cut to this: a report is for reading, and log lines are long."""

FINDINGS_MAX: Final = 200
"""A batch tells so many findings apart; what comes after is counted in one note."""

VARIANT_LINES_MIN: Final = 32
"""After so many lines with one fault an engine is built for it: building costs about as much."""

VARIANTS_MAX: Final = 8
"""So many engines a batch: each is tried in turn; with more kinds, lines are read one by one."""

SHAPE_KEYS_MAX: Final = 1000
"""A record of more keys gets no engine: no data set has 200 fields, and engines are kept."""

VOCABULARY_VALUES_MAX: Final = 32
"""A field's values outside the documented ones are named up to this many, then no more."""

# --- stores ---
LISTING_PAGE_OBJECTS: Final = 1000
"""Objects per listing call: the most that S3 gives."""

READ_CHUNK_BYTES: Final = 256 * KIB
"""Bytes per read from a store: below it the hand-over costs more than the verifying."""

STORE_ATTEMPTS_MAX: Final = 4
"""A store that does not answer is asked so often, about 4 seconds in all."""

STORE_RETRY_SECONDS: Final = 0.5
"""The first wait before asking again; it doubles, with jitter."""

STORE_CALL_SECONDS: Final = 60.0
"""One call to a store (a page, a head, the beginning of a body) ends by then."""

STORE_STALL_SECONDS: Final = 60.0
"""A body that brings no byte for so long is broken."""

READ_WAIT_SECONDS: Final = 300.0
"""The chunks of one object may be waited for so long in all, and as long as its size allows."""

READ_BYTES_PER_SECOND_MIN: Final = 16 * KIB
"""A body that comes more slowly, for long, is broken: someone else could be read meanwhile."""

# --- a sweep ---
SPAN_DAYS_MAX: Final = 400
"""Day folders that are listed one by one; to list all there is costs less than more of them."""

SWEEP_WAITING_MAX: Final = 10_000
"""Objects listed and not yet read: the listing is ahead far enough to tell how much there is."""

LOAD_OBJECTS_MAX: Final = 8
"""Objects that one process reads at once: of small ones the way to the store takes longest."""

LOAD_BYTES_MAX: Final = 16 * MIB
"""Stored bytes that one process reads at once; a larger object is read alone."""

FEED_BYTES: Final = 64 * KIB
"""Gzip is verified in slices of this, 2 ms each: the loop that is shared has to run in between."""

FEED_SECONDS: Final = 0.05
"""A slice that takes longer is packed tightly: the next one is half as long."""

FEED_BYTES_MIN: Final = KIB
"""The shortest slice: of a bomb it inflates to 1 MiB."""

OBJECT_COST_BYTES: Final = 16 * KIB
"""Opening and judging an object costs as much as so many bytes of it, however small it is."""

WORKERS_WORTH_BYTES: Final = 16 * MIB
"""From so much to read on, worker processes pay for their start."""

WORKER_END_SECONDS: Final = 5.0
"""A worker that has closed its pipe ends by then, and tells by its exit code why."""

WORKER_LOSSES_MAX: Final = 20
"""So many workers ending in a row without one answer: it is not the objects, it is the machine."""

# --- the intake ---
CLAIM_SECONDS: Final = 30.0
"""A claim lasts so long: what a dead process had is judged within a minute of the restart."""

CLAIM_RENEW_SECONDS: Final = 10.0
"""Claims are held longer so often: two renewals may fail before one is lost."""

CLAIM_ENTRIES_MAX: Final = 16
"""Entries that one place claims at once: a transaction for many, and little to give back."""

INTAKE_IDLE_SECONDS: Final = 10.0
"""Where nothing waits it is looked again so soon: others' claims expire, and tries fall due."""

INTAKE_OBJECTS_MAX: Final = 16
"""Objects that one process of the daemon reads at once: one busy place gets half of them."""

INTAKE_OBJECT_BYTES: Final = MIB
"""Reading any object takes so much memory: chunks on their way, plain blocks, their records."""

INTAKE_OBJECT_BYTES_MAX: Final = 64 * MIB
"""And never more than so much: it is streamed; only what repeats are known by grows."""

INTAKE_RETRY_SECONDS: Final = 5.0
"""What could not be read is tried again after so long; it doubles, with jitter."""

INTAKE_RETRY_SECONDS_MAX: Final = 3600.0
"""The longest wait for another try of one object: what is mended is read within the hour."""

INTAKE_PAUSE_SECONDS: Final = 1.0
"""A place that fails is tried again, with one object, after so long; it doubles, with jitter."""

INTAKE_PAUSE_SECONDS_MAX: Final = 60.0
"""The longest pause of a place: what is mended goes on within a minute or two."""

LEDGER_RETRY_SECONDS: Final = 0.5
"""A ledger that is unavailable is asked again after so long; it doubles, with jitter."""

LEDGER_RETRY_SECONDS_MAX: Final = 15.0
"""The longest wait for a ledger: nothing goes on without it."""

DRAIN_GIVE_UP_SECONDS: Final = 3.0
"""Of the time to end in, so much is kept for giving claims back."""

# --- the watcher ---
WATCH_MARGIN_SECONDS: Final = 15 * 60.0
"""A poll begins so long before the newest window seen: batches seldom arrive in their order."""

WATCH_SKEW_SECONDS: Final = 10 * 60.0
"""A day begins so early and ends so late: clocks differ, and so do a window's start and end."""

WATCH_POLLED_SECONDS: Final = 3600.0
"""A day that is over is polled for so long; what comes later is found by walks."""

WATCH_WALK_SECONDS: Final = 5 * 60.0
"""An open day is listed from its beginning so often: then a batch behind the others is found."""

WATCH_WALK_OLD_SECONDS: Final = 30 * 60.0
"""The same of a day that is over, and of what lies in no day's folder: little comes there."""

WATCH_WALK_SECONDS_PER_PAGE: Final = 6.0
"""And more seldom by so much for every page of it: a large folder is not listed all day."""

WATCH_WALK_PAGES: Final = 20
"""Pages of a walk between two polls: what arrives now does not wait for the end of a long one."""

WATCH_UNLISTED_MAX: Final = 1000
"""So many things that can be no objects are told of, by name; nobody reads more."""

WATCH_POLL_SECONDS_PER_PAGE: Final = 0.2
"""A poll that took many pages is followed by a longer wait, for the same reason."""

WATCH_ERROR_SECONDS_MAX: Final = 300.0
"""The longest wait after a store that could not be listed, where polls are not rarer still."""

WATCH_MARK_SECONDS: Final = 10 * 60.0
"""How far a place is watched is noted so often, where nothing else is: a restart begins there."""

WATCH_REMEMBERED_MAX: Final = 200_000
"""Objects lately seen that the ledger is not asked for again, of all places; about 20 MB."""

# --- ownership ---
TOKEN_BODY_BYTES_MAX: Final = 8 * KIB
"""So much of a challenge is read: a token has 4,096 characters; what fills this is none."""

CHALLENGE_PAGES_MAX: Final = 20
"""Pages of one listing of challenges; each job makes one, nobody has 20,000 in a folder."""

CHALLENGE_OTHERS_MAX: Final = 20
"""Older challenges are named up to this many, then counted: the newest is the one that matters."""

CHALLENGE_WAIT_SECONDS: Final = 1.0
"""The first wait before looking again; it doubles, with jitter. Logpush writes within seconds."""

CHALLENGE_WAIT_SECONDS_MAX: Final = 15.0
"""The longest wait before looking again: a new right takes minutes, and a person is watching."""

# --- the emulator ---
FAULT_PLAN_BYTES_MAX: Final = MIB
"""A plan of faults is written by hand: a larger one is some other file."""

FAULT_PLAN_FAULTS_MAX: Final = 1000
"""Faults of one plan: each window is held against every one of them."""

# --- the ledger ---
LEDGER_WAIT_SECONDS: Final = 15.0
"""A database that is locked, or gives no connection, is waited for so long; then we say so."""

LEDGER_TRY_SECONDS: Final = 0.25
"""SQLite waits so long at once, and is asked again: a call that is given up ends no later."""

LEDGER_CLOSE_SECONDS: Final = 0.5
"""A server is told so long that a connection ends; one that hangs does not hear it anyway."""

LEDGER_CALL_SECONDS: Final = 60.0
"""One statement of a database across a network ends by then: each is small."""

LEDGER_CONNECTIONS_MAX: Final = 8
"""Connections of one process: a call is milliseconds, and a server has about a hundred to give."""

LEDGER_CACHE_BYTES: Final = 8 * MIB
"""SQLite keeps so much in memory, a connection; what else it reads the system has in its cache."""

LEDGER_LOG_BYTES: Final = 64 * MIB
"""SQLite's write-ahead log is cut to this once it was written back."""

LEDGER_PAGE_ROWS: Final = 1000
"""Rows of one statement: enough to make its start cheap, few enough to hold."""

SEGMENT_LINES_MAX: Final = 10_000
"""Lines of one segment, about 3 MB: it is made in one transaction, which others wait for."""

PRUNE_ROWS_MAX: Final = 1000
"""Rows that one step of pruning forgets: others get in between."""

PRUNE_PAGES_MAX: Final = 2000
"""Pages that SQLite gives back in one step of pruning, 8 MB: more than a step can have freed."""

# --- the daemon's configuration ---
SETTINGS_BYTES_MAX: Final = MIB
"""A configuration is written by hand: a larger file is some other one."""

JOB_FILE_BYTES_MAX: Final = 64 * MIB
"""A file of jobs: one has 10 KiB at most, and a thousand zones have four each."""

GRACE_SECONDS: Final = 15 * 60.0
"""What a job was before it changed is accepted so long: Logpush takes 10 to 15 minutes to follow.

Source: the FAQ of Cloudflare's Logpush. Until then it writes as before, to where it wrote before.
"""

SOURCE_DOUBT_SECONDS: Final = 60.0
"""What the API told before then is asked anew when a batch fails. Logpush itself follows a change
of a job after minutes, so that what it told since holds for the batch."""

SOURCE_SECONDS_MAX: Final = 60.0
"""The API tells its jobs by then, with all asking again; else those known before are kept."""

SOURCE_RETRY_SECONDS: Final = 10.0
"""The first wait before the jobs are asked for again; it doubles up to the usual refresh."""

# --- the status page ---
STATUS_JOBS_MAX: Final = 100
"""Jobs on one page, those in trouble first: what is shown of each costs a look into the ledger."""

STATUS_TROUBLES_MAX: Final = 50
"""Troubles on the page: whoever has more needs no list."""

STATUS_PARKED_MAX: Final = 200
"""Parked objects that are counted and listed; after that there are "more"."""

STATUS_BATCHES: Final = 50
"""Batches on one page, about: pages are cut by time, since a ledger counts by the hour."""

STATUS_BATCHES_MAX: Final = 200
"""And at the most, where that many begin at once."""

STATUS_REPORTS_MAX: Final = 50
"""Reports that are read for a job's findings: the newest ones that have any."""

STATUS_HOURS_MAX: Final = 24
"""Hours that are looked into for these."""

STATUS_LISTENERS_MAX: Final = 32
"""Pages that are kept live at once, by one connection each; the others show what they have."""

STATUS_CALL_SECONDS: Final = 10.0
"""The ledger has answered a page by then; else the page says that it does not."""

STATUS_KEPT: Final = 64
"""Pages that are kept for a moment, so that many who look cost no more than one."""

STATUS_KEPT_SECONDS: Final = 2.0
"""How long: nobody sees the difference."""

STATUS_TEXT_CHARS_MAX: Final = 1000
"""A key or a message is cut to this on a page: S3's longest key has 1,024 bytes."""

METRIC_LABELS_MAX: Final = 1000
"""Jobs and places that have metrics of their own; what comes after is counted as "other"."""
